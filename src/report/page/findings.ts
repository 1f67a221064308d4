import type { Chart, FindingModel, RunModel } from '../model.js';
import { folded, h } from './dom.js';
import { counted, digits, duration } from './numbers.js';
import { PlotView } from './plot.js';
import type { Settings } from './settings.js';

const words = { error: 'Error', warning: 'Warning', info: 'Info' } as const;
const signs = { error: '✖', warning: '▲', info: 'ℹ' } as const;

/** An object or list in words that a person can read. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return digits(value);
  if (value === null || value === undefined) return '—';
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length > 12 ? `${value.slice(0, 12).map(shown).join(', ')} … (${String(value.length)})` : value.map(shown).join(', ');
  return Object.entries(value).map(([key, each]) => `${key} ${shown(each)}`).join('; ');
}

const sentenceOf = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/[.]$/, '')}.`;

const placeOf = ({ where }: FindingModel): string => Object.entries(where).filter(([key]) => key !== 'steps').map(([key, value]) => `${key} ${shown(value)}`).join(', ');

function whenOf({ step, epoch, time, times, steps }: FindingModel): string {
  const at = step === 0 ? 'before the first step' : steps !== null && steps.from !== steps.to ? `steps ${digits(steps.from)} to ${digits(steps.to)}` : `step ${digits(step)}, epoch ${String(epoch)}, after ${duration(time)}`;
  return times > 1 ? `${at}; told ${counted(times, 'time')}` : at;
}

/** A finding with its numbers and the curves that show it. */
function findingView(finding: FindingModel, run: RunModel, several: boolean, settings: Settings, plots: PlotView[]): HTMLElement {
  const { rule, severity, message, remedy, evidence, docs, symptoms, plugin, series: ids, steps, step } = finding;
  const byChart = new Map<Chart, string[]>();
  for (const id of ids) {
    const chart = run.charts.find((each) => each.series.includes(id));
    if (chart !== undefined) byChart.set(chart, [...(byChart.get(chart) ?? []), id]);
  }
  const drawn = [...byChart].slice(0, 2).map(([chart, wanted]) => {
    const plot = new PlotView({ chart: { ...chart, id: `finding:${rule}:${chart.id}` }, shown: run.series.filter(({ id }) => wanted.includes(id)).map((series) => ({ run, series })), several: false, marked: steps ?? (step > 0 ? { from: step, to: step } : null), small: true }, settings);
    plots.push(plot);
    return plot.element;
  });
  const numbers = Object.entries(evidence);
  const place = placeOf(finding);
  return h(
    'article',
    { class: `finding ${severity}`, 'aria-label': `${words[severity]}: ${rule}` },
    h('div', { class: 'finding-text' },
      h('h3', {}, h('span', { class: 'severity' }, h('span', { 'aria-hidden': 'true' }, `${signs[severity]} `), words[severity]), ' ', h('code', {}, rule), several ? h('span', { class: 'of-run' }, ` ${run.name}`) : null),
      h('p', { class: 'message' }, sentenceOf(message)),
      h('p', { class: 'remedy' }, h('strong', {}, 'What to do: '), remedy),
      h('p', { class: 'muted' }, [whenOf(finding), place, plugin === null ? '' : `found by ${plugin}`, docs === null ? '' : `read more in trainscope's docs/${docs}`].filter((text) => text !== '').join(' · ')),
      symptoms.length === 0 ? null : h('div', { class: 'symptoms' }, h('p', {}, 'It has brought about:'), h('ul', {}, ...symptoms.map((each) => h('li', {}, h('code', {}, each.rule), `: ${each.message}`)))),
      numbers.length === 0 ? null : folded(`evidence-${run.key}-${rule}-${place}`, 'The numbers', h('dl', { class: 'numbers' }, ...numbers.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, shown(value))]))),
    ),
    drawn.length === 0 ? null : h('div', { class: 'evidence' }, ...drawn),
  );
}

/** All findings, the gravest first; without any, who looked. */
export function findingsSection(runs: readonly RunModel[], settings: Settings, plots: PlotView[]): HTMLElement {
  const order = ['error', 'warning', 'info'];
  const all = runs.flatMap((run) => run.findings.map((finding) => ({ run, finding }))).sort((a, b) => order.indexOf(a.finding.severity) - order.indexOf(b.finding.severity));
  const several = runs.length > 1;
  const counts = order.flatMap((severity) => {
    const count = all.filter(({ finding }) => finding.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity, severity === 'info' ? 'infos' : `${severity}s`)];
  });
  return h(
    'section',
    { id: 'findings', 'aria-labelledby': 'findings-head' },
    h('h2', { id: 'findings-head' }, 'Findings', counts.length === 0 ? null : h('span', { class: 'count' }, ` ${counts.join(', ')}`)),
    ...(all.length === 0 ? [nothingFound(runs)] : all.map(({ run, finding }) => findingView(finding, run, several, settings, plots))),
  );
}

const lookers = ['preflight', 'diagnosis', 'gradientNorm', 'weightNorm', 'predictionDynamics', 'gpuProfiler', 'nonFinite', 'leakWatch'];

function nothingFound(runs: readonly RunModel[]): HTMLElement {
  const looked = [...new Set(runs.flatMap(({ environment }) => (environment?.plugins ?? []).map(({ name }) => name)))].filter((name) => lookers.includes(name));
  const isWatched = looked.includes('diagnosis');
  return h(
    'p',
    { class: 'none' },
    h('strong', {}, 'Nothing was found. '),
    looked.length === 0 ? 'No plugin that looks for faults was on; the rules that need the losses alone have looked at the log.' : `These looked: ${looked.join(', ')}.`,
    isWatched ? '' : ' The plugin diagnosis looks for most faults.',
  );
}
