import type { TrainscopeEvent } from '../../events/index.js';

export interface HistogramData {
  readonly kind: string;
  readonly name: string;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly nonFinite: number;
}

const numbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every((each) => typeof each === 'number');
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The histograms of the plugin's event, by kind and name; what does not have the form of one is passed over. */
export function histogramsOf({ event, data }: TrainscopeEvent): readonly HistogramData[] {
  if (event !== 'histogram') return [];
  return [data['weights'], data['layers']].filter(isRecord).flatMap((things) =>
    Object.entries(things).flatMap(([name, kinds]) =>
      Object.entries(isRecord(kinds) ? kinds : {}).flatMap(([kind, each]) => {
        if (!isRecord(each) || !numbers(each['edges']) || !numbers(each['counts'])) return [];
        const { edges, counts, nonFinite } = each;
        return [{ kind, name, edges, counts, nonFinite: typeof nonFinite === 'number' ? nonFinite : 0 }];
      }),
    ),
  );
}

/** Rows of [left, right, count] for TensorBoard, whose bins are wide: where all values are equal it is one of width 1 about it, as tf.summary.histogram has it. */
export function histogramRows({ edges, counts }: Pick<HistogramData, 'edges' | 'counts'>): readonly (readonly [number, number, number])[] {
  const [first = 0] = edges;
  const last = edges.at(-1) ?? first;
  if (first === last) return [[first - 0.5, first + 0.5, counts.reduce((sum, count) => sum + count, 0)]];
  return counts.map((count, i) => [edges[i] ?? 0, edges[i + 1] ?? 0, count] as const);
}
