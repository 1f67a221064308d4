import type { TopLevelSpec } from 'vega-lite';
import type { CheckRecord } from './preflight.js';

const numbersOf = (value: unknown): readonly number[] => (Array.isArray(value) ? value.filter((each): each is number => typeof each === 'number') : []);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

/** Text and axes in a grey that reads on light and on dark. */
const config = { background: 'transparent', view: { stroke: null }, axis: { labelColor: '#808890', titleColor: '#808890', gridColor: '#80889033', domainColor: '#808890', tickColor: '#808890' }, legend: { labelColor: '#808890', titleColor: '#808890' }, title: { color: '#808890' } } as const;

/** The learning-rate range test: loss over rate, with the user's rate and the suggested one. */
function rangeChart({ measured }: CheckRecord): TopLevelSpec | undefined {
  const rates = numbersOf(measured['rates']);
  const losses = numbersOf(measured['losses']);
  if (rates.length < 3) return undefined;
  // A loss that leaps by orders of magnitude would press all else flat.
  const positive = losses.filter((loss) => loss > 0);
  const isWide = positive.length === losses.filter(Number.isFinite).length && Math.max(...positive) > 20 * Math.min(...positive);
  const marks = [
    { rate: numberOf(measured['rate']), which: 'yours' },
    { rate: numberOf(measured['suggestion']), which: 'suggested' },
  ].filter(({ rate }) => rate !== undefined && rate > 0);
  return {
    title: 'Loss while the learning rate rises (Smith 2017)',
    width: 520,
    height: 240,
    config,
    layer: [
      { data: { values: rates.map((rate, i) => ({ rate, loss: losses[i] })).filter(({ loss }) => Number.isFinite(loss)) }, mark: { type: 'line', color: '#0072b2' }, encoding: { x: { field: 'rate', type: 'quantitative', scale: { type: 'log' }, axis: { format: '~e', title: 'learning rate', tickCount: 8 } }, y: { field: 'loss', type: 'quantitative', scale: isWide ? { type: 'log' } : { zero: false } } } },
      { data: { values: marks }, mark: { type: 'rule', strokeDash: [4, 4], strokeWidth: 1.5 }, encoding: { x: { field: 'rate', type: 'quantitative', scale: { type: 'log' } }, color: { field: 'which', type: 'nominal', title: 'rate', scale: { domain: ['yours', 'suggested'], range: ['#d55e00', '#009e73'] } } } },
    ],
  };
}

interface Rung {
  readonly size: number;
  readonly start: number;
  readonly best: number;
}

/** Models from small to large: the loss of each before and after equally many steps. */
function ladderChart({ measured }: CheckRecord): TopLevelSpec | undefined {
  const rungs = (Array.isArray(measured['rungs']) ? measured['rungs'] : []) as readonly Rung[];
  if (rungs.length < 2) return undefined;
  return {
    title: 'Loss by the size of the model, after equally many steps',
    width: 520,
    height: 240,
    config,
    data: { values: rungs.flatMap(({ size, start, best }) => [{ size, loss: start, when: 'before' }, { size, loss: best, when: 'after' }]) },
    mark: { type: 'line', point: true },
    encoding: { x: { field: 'size', type: 'ordinal', axis: { labelAngle: 0 } }, y: { field: 'loss', type: 'quantitative' }, color: { field: 'when', type: 'nominal', title: 'training', scale: { range: ['#0072b2', '#d55e00'] } } },
  };
}

const chartOf: Readonly<Record<string, (record: CheckRecord) => TopLevelSpec | undefined>> = { 'learning-rate-range': rangeChart, ladder: ladderChart };

/** Pictures of what some checks have measured, as SVG. */
export async function chartsOf(records: readonly CheckRecord[]): Promise<readonly string[]> {
  const specs = records.flatMap((record) => chartOf[record.name]?.(record) ?? []);
  if (specs.length === 0) return [];
  // Loaded where a page is asked for alone.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  return Promise.all(specs.map((spec) => new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG()));
}
