import type { RunModel, SampleHistory, Series } from '../model.js';
import { folded, h, table } from './dom.js';
import { percent } from './numbers.js';
import { PlotView } from './plot.js';
import type { Settings } from './settings.js';

/** Samples that are drawn at first. */
const shownFirst = 6;

/** A sample's outputs over time as series. */
function seriesOf({ steps, predictions }: SampleHistory, run: RunModel): readonly Series[] {
  const outputs = Math.max(0, ...predictions.map((each) => each.length));
  const times = steps.map((step) => {
    const known = run.epochEnds.find((end) => end.step >= step);
    return known?.time ?? (run.ended - run.started) / 1000;
  });
  return Array.from({ length: outputs }, (_, output): Series => {
    const values = predictions.map((each) => each[output] ?? null);
    const finite = values.flatMap((value, i) => (value === null ? [] : [{ step: steps[i] ?? 0, value }]));
    const by = finite.toSorted((a, b) => a.value - b.value);
    return { id: `output ${String(output)}`, name: outputs === 1 ? 'output' : `class ${String(output)}`, of: null, steps, times, values, points: values.length, lowest: by[0] ?? null, highest: by.at(-1) ?? null, last: finite.at(-1) ?? null, notFinite: { count: values.length - finite.length, first: [] } };
  });
}

/** What the model said of single samples over time: a chart for each of the first ones, and all in a table. */
export function samplesOf(run: RunModel, several: boolean, settings: Settings, plots: PlotView[]): HTMLElement | null {
  if (run.samples.length === 0) return null;
  const figure = (sample: SampleHistory): HTMLElement => {
    const series = seriesOf(sample, run);
    const title = `Sample ${String(sample.index)}${run.samples.some(({ output }) => output !== sample.output) ? ` of ${sample.output}` : ''}`;
    const plot = new PlotView({ chart: { id: `sample:${run.key}:${sample.output}:${String(sample.index)}`, group: 'predictions', title, about: '', unit: '', scale: 'linear', detail: false, series: [] }, shown: series.map((each) => ({ run, series: each })), several: false, small: true }, settings);
    plots.push(plot);
    return plot.element;
  };
  const rest = run.samples.slice(shownFirst);
  return h(
    'div',
    { class: 'samples' },
    h('h3', {}, several ? `Predictions sample by sample (${run.name})` : 'Predictions sample by sample'),
    h('p', { class: 'about' }, 'What the model said of the same validation samples at each look. A training that goes well settles.'),
    h('div', { class: 'grid' }, ...run.samples.slice(0, shownFirst).map(figure)),
    rest.length === 0 ? null : lazily(`samples-${run.key}`, `${String(rest.length)} more`, () => h('div', { class: 'grid' }, ...rest.map(figure))),
    folded(`flips-${run.key}`, 'Flips and the last prediction as a table', table('Samples', ['sample', 'output', 'labels that flipped', 'last label', 'largest share'], run.samples.map(({ index, output, flips, labels, predictions }) => [String(index), output, flips === null ? '—' : String(flips), String(labels.at(-1) ?? '—'), shareOf(predictions.at(-1))]))),
  );
}

const shareOf = (prediction: readonly (number | null)[] | undefined): string => {
  const finite = (prediction ?? []).filter((value) => value !== null);
  const largest = Math.max(...finite);
  return finite.length > 1 && largest <= 1 ? percent(largest) : '—';
};

/** A folded part that is made when it is opened. */
export function lazily(key: string, summary: string, make: () => HTMLElement): HTMLDetailsElement {
  const details = folded(key, summary);
  const fill = (): void => {
    if (details.childElementCount === 1) details.append(make());
  };
  details.addEventListener('toggle', () => {
    if (details.open) fill();
  });
  return details;
}
