import type { ChartParts } from './plots.js';
import { listIn, numberIn, recordIn } from './wire-event.js';

/**
 * Places of a distribution that are drawn: the ends, the median, and one standard deviation of a normal distribution to
 * either side, as TensorBoard's Distributions have them among others.
 */
const places = [
  { name: 'largest', share: 1 },
  { name: '84 %', share: 0.8413 },
  { name: 'median', share: 0.5 },
  { name: '16 %', share: 0.1587 },
  { name: 'smallest', share: 0 },
] as const;

const groups = { weights: 'weights', gradients: 'gradients', updates: 'updates', activations: 'activations' } as const satisfies Readonly<Record<string, ChartParts['group']>>;
export type DistributionKind = keyof typeof groups;

export const distributionKinds = Object.keys(groups) as readonly DistributionKind[];

export const distributionChart = (kind: DistributionKind, name: string): ChartParts => ({
  id: `distribution:${kind}:${name}`,
  group: groups[kind],
  title: `Distribution of the ${kind} of ${name}`,
  about: 'From the smallest to the largest entry; half of them lie above the median, two thirds between 16 % and 84 %.',
  unit: '',
  scale: 'linear',
  detail: true,
});

/**
 * The values below which these shares of the entries lie, of a histogram whose bins are counted from one edge to the next:
 * within a bin entries are taken as spread evenly.
 */
export function quantilesIn(histogram: unknown): readonly { readonly name: string; readonly value: number | undefined }[] {
  const { edges: givenEdges, counts: givenCounts, min, max } = recordIn(histogram);
  const edges = listIn(givenEdges).map((edge) => numberIn(edge) ?? NaN);
  const counts = listIn(givenCounts).map((count) => numberIn(count) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const at = (share: number): number | undefined => {
    if (total <= 0 || edges.length !== counts.length + 1) return undefined;
    let below = 0;
    for (const [i, count] of counts.entries()) {
      const [low, high] = [edges[i] ?? NaN, edges[i + 1] ?? NaN];
      if (count > 0 && below + count >= share * total) return low + ((share * total - below) / count) * (high - low);
      below += count;
    }
    return edges.at(-1);
  };
  return places.map(({ name, share }) => ({ name, value: share === 0 ? numberIn(min) : share === 1 ? numberIn(max) : at(share) }));
}
