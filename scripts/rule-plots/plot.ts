import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** What a rule looks like: a picture drawn from numbers that were really measured, in a faulty and in a sound training. */
export interface RulePlot {
  readonly rule: string;
  /** For those who do not see it: what is drawn, and what shows the fault. */
  readonly alt: string;
  readonly spec: () => Promise<TopLevelSpec>;
}

/** Okabe and Ito's colours (2008), which most eyes tell apart: the faulty in vermilion, the sound in blue. */
export const colours = { faulty: '#d55e00', healthy: '#0072b2', threshold: '#6e7781', third: '#009e73' } as const;
const domain = ['faulty', 'sound'];
const range = [colours.faulty, colours.healthy];

/** On a white card of its own: it reads on a light and on a dark page. */
const base = { width: 460, height: 220, background: '#ffffff', padding: 12, config: { view: { stroke: null }, axis: { gridColor: '#e6e9ed', labelFontSize: 11, titleFontSize: 12 }, title: { fontSize: 13, anchor: 'start' as const } } };

export interface Series {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface CurvesAsk {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly faulty: Series;
  readonly healthy: Series;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** A level from which on the rule speaks. */
  readonly threshold?: number;
}

const points = (series: Series, training: string): { x: number; y: number; training: string }[] =>
  series.x.flatMap((x, i) => {
    const y = series.y[i];
    return y !== undefined && Number.isFinite(y) && Number.isFinite(x) ? [{ x, y, training }] : [];
  });

/** Two lines over steps, epochs or whatever x is. */
export const curves = ({ title, xTitle, yTitle, faulty, healthy, logX = false, logY = false, threshold }: CurvesAsk): TopLevelSpec => ({
  ...base,
  title,
  layer: [
    {
      data: { values: [...points(faulty, 'faulty'), ...points(healthy, 'sound')] },
      mark: { type: 'line', strokeWidth: 1.8 },
      encoding: {
        x: { field: 'x', type: 'quantitative', title: xTitle, scale: { type: logX ? 'log' : 'linear', zero: false } },
        y: { field: 'y', type: 'quantitative', title: yTitle, scale: { type: logY ? 'log' : 'linear', zero: false } },
        color: { field: 'training', type: 'nominal', title: null, scale: { domain, range } },
      },
    },
    ...(threshold === undefined ? [] : [{ data: { values: [{ y: threshold }] }, mark: { type: 'rule' as const, strokeDash: [4, 4], color: colours.threshold }, encoding: { y: { field: 'y', type: 'quantitative' as const } } }]),
  ],
});

export interface BarsAsk {
  readonly title: string;
  readonly yTitle: string;
  /** What the rule looks at, in the faulty and in the sound training: one group of bars each. */
  readonly groups: readonly { readonly name: string; readonly faulty: number; readonly healthy: number }[];
  readonly logY?: boolean;
  readonly threshold?: number;
}

/** The numbers that decide, side by side, with the threshold. */
export const bars = ({ title, yTitle, groups, logY = false, threshold }: BarsAsk): TopLevelSpec => ({
  ...base,
  title,
  layer: [
    {
      data: { values: groups.flatMap(({ name, faulty, healthy }) => [{ name, value: faulty, training: 'faulty' }, { name, value: healthy, training: 'sound' }]) },
      mark: { type: 'bar' },
      encoding: {
        x: { field: 'name', type: 'nominal', title: null, axis: { labelAngle: 0, labelLimit: 160 }, sort: null },
        xOffset: { field: 'training', type: 'nominal', sort: domain },
        y: { field: 'value', type: 'quantitative', title: yTitle, scale: { type: logY ? 'log' : 'linear' }, ...(logY ? { stack: null } : {}) },
        color: { field: 'training', type: 'nominal', title: null, scale: { domain, range } },
      },
    },
    ...(threshold === undefined ? [] : [{ data: { values: [{ y: threshold }] }, mark: { type: 'rule' as const, strokeDash: [4, 4], color: colours.threshold }, encoding: { y: { field: 'y', type: 'quantitative' as const } } }]),
  ],
});

export interface HistogramAsk {
  readonly title: string;
  readonly xTitle: string;
  readonly faulty: readonly number[];
  readonly healthy: readonly number[];
  readonly bins?: number;
}

/** How values are spread, in shares of all. */
export function histogram({ title, xTitle, faulty, healthy, bins = 40 }: HistogramAsk): TopLevelSpec {
  const all = [...faulty, ...healthy].filter(Number.isFinite);
  const low = all.reduce((a, b) => Math.min(a, b), Infinity);
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (high - low || 1) / bins;
  const shares = (values: readonly number[], training: string): { from: number; to: number; share: number; training: string }[] => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor((value - low) / width))]! += 1;
    return counts.map((count, i) => ({ from: low + i * width, to: low + (i + 1) * width, share: count / Math.max(1, values.length), training }));
  };
  return {
    ...base,
    title,
    data: { values: [...shares(healthy, 'sound'), ...shares(faulty, 'faulty')] },
    mark: { type: 'bar', opacity: 0.65 },
    encoding: {
      x: { field: 'from', type: 'quantitative', title: xTitle, bin: { binned: true } },
      x2: { field: 'to' },
      y: { field: 'share', type: 'quantitative', title: 'share of all', stack: null },
      color: { field: 'training', type: 'nominal', title: null, scale: { domain, range } },
    },
  };
}

export const svgOf = (spec: TopLevelSpec): Promise<string> => new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
