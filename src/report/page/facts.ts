import type { ReportModel, RunModel } from '../model.js';
import { folded, h, table } from './dom.js';
import { shown } from './findings.js';
import { counted, digits, duration, percent } from './numbers.js';

const states = { running: ['●', 'running'], unfinished: ['◌', 'no end in the log'], completed: ['✔', 'completed'], stopped: ['■', 'stopped'], aborted: ['■', 'aborted'], failed: ['✖', 'failed'] } as const;

export function badge({ status, by, message }: RunModel): HTMLElement {
  const [sign, word] = states[status];
  return h('span', { class: `badge ${status}` }, h('span', { 'aria-hidden': 'true' }, `${sign} `), word, by === null ? null : ` by ${by}`, message === null || message === '' ? null : h('span', { class: 'muted' }, ` ${message}`));
}

/** The metrics that say most, for the head of the page. */
const headMetrics = (runs: readonly RunModel[]): readonly string[] => {
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))];
  return [...names.filter((name) => !name.startsWith('val_')), ...names.filter((name) => name.startsWith('val_'))].slice(0, 6);
};

export function runsSection({ runs }: ReportModel): HTMLElement {
  const metrics = headMetrics(runs);
  return h(
    'section',
    { id: 'runs', 'aria-label': 'Runs' },
    table(
      counted(runs.length, 'run'),
      ['run', 'state', 'epoch', 'step', 'time', ...metrics],
      runs.map((run) => [run.name, badge(run), run.epochs === null ? String(run.epoch) : `${String(run.epoch)} of ${String(run.epochs)}`, digits(run.step), duration((run.ended - run.started) / 1000), ...metrics.map((name) => digits(run.metrics[name]))]),
      'runs',
    ),
  );
}

const parts = ['irreducible', 'bias', 'variance', 'selection'] as const;
const partWords = { irreducible: 'Cannot be avoided', bias: 'Bias: not fitted by the model', variance: 'Variance: does not carry over to validation', selection: 'Selection: does not carry over to test' } as const;

/** The parts of the error as bars, with the part to work on. */
export function decompositionSection(runs: readonly RunModel[], comparison: ReportModel['comparison']): HTMLElement | null {
  const known = runs.filter(({ decomposition }) => decomposition !== null);
  if (known.length === 0) return null;
  const largest = Math.max(...known.flatMap(({ decomposition }) => parts.map((part) => Math.abs(Number(decomposition?.[part] ?? 0)))).filter((value) => Number.isFinite(value)), 1e-12);
  return h(
    'section',
    { id: 'error', 'aria-labelledby': 'error-head' },
    h('h2', { id: 'error-head' }, 'Where the error comes from'),
    comparison?.decomposition === null || comparison === null ? null : h('p', {}, `${comparison.decomposition.summary}.`),
    ...known.map(({ name, decomposition }) => {
      const of = decomposition ?? { total: 0, irreducible: 0, bias: 0, variance: null, selection: null, next: null, advice: '' };
      return h(
        'div',
        { class: 'parts' },
        runs.length > 1 ? h('h3', {}, name) : null,
        h('p', {}, `Loss ${digits(of.total)}. ${of.advice}`),
        h(
          'ul',
          { class: 'bars' },
          ...parts.flatMap((part) => {
            const value = of[part];
            if (value === null) return [];
            const bar = h('span', { class: `bar ${of.next === part ? 'next' : ''}`, 'aria-hidden': 'true' });
            bar.style.width = `${String(Math.min(100, (100 * Math.abs(Number(value))) / largest) || 0)}%`;
            return [h('li', {}, h('span', { class: 'bar-name' }, partWords[part]), h('span', { class: 'bar-room' }, bar), h('span', { class: 'bar-value' }, digits(value)))];
          }),
        ),
      );
    }),
  );
}

const phaseWords: Readonly<Record<string, string>> = { data: 'waiting for data', forwardBackward: 'forward and backward pass', update: 'update', measure: 'measuring', plugins: 'plugins', validation: 'validation', pace: 'letting the event loop turn' };

export function timeParts(runs: readonly RunModel[]): readonly HTMLElement[] {
  return runs.map(({ name, time }) => {
    const { shares, verdict, remedy, stepsPerSecond, samplesPerSecond, validation, total } = time;
    const facts = [`${duration(total)} in all`, validation > 0 ? `${duration(validation)} of it in validation` : '', stepsPerSecond === null ? '' : `${digits(stepsPerSecond)} steps a second`, samplesPerSecond === null ? '' : `${digits(samplesPerSecond)} samples a second`].filter((fact) => fact !== '');
    return h(
      'div',
      { class: 'parts' },
      runs.length > 1 ? h('h3', {}, name) : null,
      h('p', {}, `${facts.join(', ')}.`),
      verdict === null ? null : h('p', {}, h('strong', {}, 'Bound by: '), verdict, remedy === null ? '' : `. ${remedy}`),
      shares === null
        ? h('p', { class: 'muted' }, 'The share of each phase over the whole run is measured by the plugin gpuProfiler.')
        : h(
            'ul',
            { class: 'bars' },
            ...Object.entries(shares)
              .sort(([, a], [, b]) => b - a)
              .map(([phase, share]) => {
                const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
                bar.style.width = `${String(100 * share)}%`;
                return h('li', {}, h('span', { class: 'bar-name' }, phaseWords[phase] ?? phase), h('span', { class: 'bar-room' }, bar), h('span', { class: 'bar-value' }, percent(share)));
              }),
          ),
    );
  });
}

/** Whose settings differ in what. */
export function comparisonSection({ runs, comparison }: ReportModel): HTMLElement | null {
  if (comparison === null) return null;
  const heads = ['', ...runs.map(({ name }) => name)];
  const { differences, metrics, findings } = comparison;
  return h(
    'section',
    { id: 'comparison', 'aria-labelledby': 'comparison-head' },
    h('h2', { id: 'comparison-head' }, 'What the runs have otherwise'),
    differences.length === 0 ? h('p', {}, 'They are configured alike.') : table('Configuration', heads, differences.map(({ path, values }) => [h('code', {}, path), ...values.map((value) => (value === null ? '—' : h('code', {}, value)))])),
    metrics.length === 0 ? null : table('Latest metrics', heads, metrics.map(({ name, values }) => [name, ...values.map((value) => digits(value))])),
    findings.length === 0 ? null : table('Findings', heads, findings.map(({ rule, severities }) => [h('code', {}, rule), ...severities.map((severity) => severity ?? '—')])),
  );
}

/** How the runs were configured, on what, and what their logs hold. */
export function detailsSection(runs: readonly RunModel[]): HTMLElement {
  return h('section', { id: 'run-details', 'aria-labelledby': 'details-head' }, h('h2', { id: 'details-head' }, 'Configuration and surroundings'), ...runs.flatMap((run) => detailsOf(run, runs.length > 1)));
}

function leaves(value: unknown, path = ''): (readonly [string, string])[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) return Object.entries(value).flatMap(([key, each]) => leaves(each, path === '' ? key : `${path}.${key}`));
  return path === '' ? [] : [[path, JSON.stringify(value)]];
}

function detailsOf(run: RunModel, several: boolean): readonly (HTMLElement | null)[] {
  const { key, environment, configuration, log, troubles, resumes } = run;
  const settings = leaves(configuration);
  return [
    several ? h('h3', {}, run.name) : null,
    troubles.length === 0 ? null : folded(`troubles-${key}`, `Troubles (${String(troubles.length)})`, table('Plugins, sinks and the run itself', ['step', 'event', 'level', 'what happened'], troubles.map(({ step, event, level, text }) => [digits(step), event, level, text]))),
    resumes.length === 0 ? null : folded(`resumes-${key}`, `Resumed ${counted(resumes.length, 'time')}`, table('Where the run went on', ['attempt', 'from', 'step', 'configured otherwise'], resumes.map(({ attempt, checkpoint, step, changed }) => [String(attempt), checkpoint, digits(step), changed.length === 0 ? '—' : changed.map(({ path, was, is }) => `${path}: ${was ?? '—'} → ${is ?? '—'}`).join('; ')]))),
    folded(`configuration-${key}`, `Configuration (${String(settings.length)})`, settings.length === 0 ? h('p', {}, 'The log has none.') : table('Settings of the run', ['setting', 'value'], settings.map(([path, value]) => [h('code', {}, path), h('code', {}, value)]))),
    environment === null
      ? h('p', {}, 'The log does not hold the start of the run: its model and surroundings are not known.')
      : folded(
          `environment-${key}`,
          'Surroundings',
          table('Where it ran', ['', ''], [
            ['run', run.runId],
            ['began', new Date(run.started).toISOString()],
            ['backend', environment.backend],
            ...environment.notes.map((note) => ['note', note]),
            ...environment.refusals.map(({ backend, reason }) => [`not ${backend}`, reason]),
            ['platform', environment.platform],
            ...Object.entries(environment.versions),
            ['seed', environment.seed === null ? '—' : String(environment.seed)],
            ['loss', environment.loss],
            ['optimizer', shown(environment.optimizer)],
          ]),
        ),
    environment === null ? null : folded(`plugins-${key}`, `Plugins (${String(environment.plugins.length)})`, table('Plugins in their order', ['plugin', 'role', 'options'], environment.plugins.map(({ name, role, options }) => [name, role, shown(options) || 'defaults']))),
    environment === null
      ? null
      : folded(
          `model-${key}`,
          `Model: ${digits(environment.model.parameters)} parameters`,
          h('p', {}, `${digits(environment.model.trainableParameters)} of them are trained. ${environment.model.kind === 'layers' ? 'A LayersModel.' : 'Written by hand.'}`),
          environment.model.layers.length === 0 ? null : table('Layers', ['layer', 'class', 'output', 'parameters'], environment.model.layers.map(({ name, className, outputShape, parameters }) => [name, className, outputShape, digits(parameters)])),
        ),
    folded(
      `log-${key}`,
      `Log: ${counted(log.total, 'event')}`,
      h('p', {}, [log.otherLines > 0 ? `${counted(log.otherLines, 'line')} no event.` : '', log.superseded > 0 ? `${counted(log.superseded, 'event')} left out, as the resumed run made them again.` : '', log.lost > 0 ? `${counted(log.lost, 'event')} lost by a sink that could not keep up.` : ''].filter((text) => text !== '').join(' ') || 'It is whole.'),
      table('Events by name', ['event', 'count'], Object.entries(log.events).sort(([, a], [, b]) => b - a).map(([event, count]) => [event, digits(count)])),
    ),
  ];
}
