import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import type { Sample } from '../sample.js';
import { agreement, explainedByOutput, likenessOf, neighboursEach, nullOf, probesOf, type Likeness, type Probe } from './predictability.js';
import { targetOf } from './targets.js';

/** One way in which labels could belong to inputs: sample i with the label of `place(i)`, -1 where there is none. */
interface Pairing {
  readonly kind: 'shift' | 'reversed' | 'reversed-in-batches';
  readonly shift: number;
  readonly place: (index: number) => number;
}

/** Deviations above labels in random order: of up to 4097 pairings tried, chance exceeds 7 in none (p = 1e-12 each). */
const clear = 7;
/** Where labels in their own places are this many deviations above chance they are in step, or order tells nothing. */
const inStep = 3.3;
/** Share of what is left above chance that a pairing must tell: a small one may come from what neighbours in time share. */
const worthTelling = 0.1;
/** Largest correlation of any two features from one sample to the one `shift` on: rows that overlap in time have 1. */
const overlap = 0.3;

function pairingsOf(lab: Lab, sample: Sample): readonly Pairing[] {
  const { count, complete, blocks } = sample;
  const blockOf = new Int32Array(count);
  blocks.forEach((block, b) => blockOf.fill(b, block.start, block.start + block.count));
  const shifts = new Set<number>();
  // All of a source: any shift, around the end. Some of it: shifts within its runs of neighbours.
  const longest = complete ? Math.floor(count / 2) : Math.min(64, ...blocks.map((block) => Math.floor(block.count / 2)));
  for (let by = 1; by <= longest; by += 1) {
    shifts.add(by);
    shifts.add(-by);
  }
  for (const by of [lab.batchSize, -lab.batchSize]) if (Math.abs(by) < count) shifts.add(by);
  const within = (from: number, to: number): number => (complete ? (to + count) % count : to >= 0 && to < count && blockOf[to] === blockOf[from] ? to : -1);
  const pairings: Pairing[] = [...shifts].map((shift) => ({ kind: 'shift', shift, place: (i) => within(i, i + shift) }));
  if (complete) {
    pairings.push({ kind: 'reversed', shift: 0, place: (i) => count - 1 - i });
    const size = lab.batchSize;
    if (size < count) pairings.push({ kind: 'reversed-in-batches', shift: 0, place: (i) => Math.min(count, (Math.floor(i / size) + 1) * size) - 1 - (i % size) });
  }
  return pairings;
}

/** Whether labels of samples that are `place` apart are alike: then a shift cannot be told from none. */
function labelsAreAlike(count: number, place: Pairing['place'], likeness: Likeness, lab: Lab): boolean {
  const random = lab.random('data/order/alike');
  const step = Math.max(1, Math.floor(count / 1024));
  const mean = (of: (i: number) => number): number => {
    let sum = 0;
    let used = 0;
    for (let i = 0; i < count; i += step) {
      const other = of(i);
      if (other < 0 || other === i) continue;
      sum += likeness(i, other);
      used += 1;
    }
    return used === 0 ? 0 : sum / used;
  };
  const chance = nullOf(Array.from({ length: 40 }, () => mean(() => random.int(count))));
  // 4 deviations, and 5% of what is left above chance: less cannot carry what a pairing must tell.
  return mean(place) - chance.mean > Math.max(4 * chance.deviation, 0.05 * (1 - chance.mean));
}

/** Largest correlation, over pairs of features, between points and the points of the samples at `place`. */
function largestOverlap(probe: Probe, place: Pairing['place']): { readonly correlation: number; readonly pairs: number } {
  const { x, dims, indices } = probe.points;
  const at = new Map([...indices].map((index, i) => [index, i]));
  const couples: [number, number][] = [];
  for (const [i, index] of indices.entries()) {
    const other = at.get(place(index));
    if (other !== undefined && other !== i) couples.push([i, other]);
  }
  if (couples.length < 8 || dims === 0) return { correlation: NaN, pairs: couples.length };
  const centred = (side: 0 | 1): Float64Array[] =>
    Array.from({ length: dims }, (_, d) => {
      const values = Float64Array.from(couples, (couple) => x[couple[side] * dims + d] ?? 0);
      const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
      const norm = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0)) || 1;
      return values.map((each) => (each - mean) / norm);
    });
  const own = centred(0);
  const others = centred(1);
  let largest = 0;
  for (const a of own) {
    for (const b of others) {
      let product = 0;
      for (let i = 0; i < a.length; i += 1) product += (a[i] ?? 0) * (b[i] ?? 0);
      largest = Math.max(largest, Math.abs(product));
    }
  }
  return { correlation: largest, pairs: couples.length };
}

function told({ kind, shift }: Pick<Pairing, 'kind' | 'shift'>): { readonly found: string; readonly remedy: string } {
  if (kind === 'reversed') return { found: 'labels run backwards beside the inputs', remedy: 'Reverse the labels: labels.reverse(). One of the two was read from the end.' };
  if (kind === 'reversed-in-batches') return { found: 'labels run backwards within each batch', remedy: 'Reverse the labels of each batch, or take the reversal out where batches are made.' };
  const by = Math.abs(shift);
  const samples = `${String(by)} sample${by === 1 ? '' : 's'}`;
  return shift > 0
    ? { found: `labels come ${samples} too late: sample i has the label of sample i - ${String(by)}`, remedy: `Give sample i the label that now stands at i + ${String(by)}. Look for what left ${samples} out of the inputs, or put as many before the labels, such as a header row.` }
    : { found: `labels come ${samples} too early: sample i has the label of sample i + ${String(by)}`, remedy: `Give sample i the label that now stands at i - ${String(by)}. Look for what left ${samples} out of the labels, or put as many before the inputs, such as a header row.` };
}

async function run(lab: Lab): Promise<CheckResult> {
  const explained = await explainedByOutput(lab);
  const findings: Finding[] = [];
  const measured: Record<string, unknown> = {};
  for (const [output, result] of explained.entries()) {
    const target = targetOf(lab, output);
    if (result === undefined || target === undefined) continue;
    const { training: probe } = probesOf(lab);
    const { points, pairs } = probe;
    const likeness = likenessOf(target);
    const random = lab.random('data/order/null');
    const chance = nullOf(
      Array.from({ length: 40 }, () => {
        const order = random.permutation(lab.training.count);
        return score((i) => order[i] ?? 0);
      }),
    );
    if (!(chance.deviation > 0)) continue;
    const own = score((i) => i);
    const room = Math.max(1e-9, 1 - chance.mean);
    function score(place: (index: number) => number): number {
      const at = (i: number): number => place(points.indices[i] ?? 0);
      return agreement(pairs, neighboursEach, points, likeness, at, at);
    }
    let best: { readonly pairing: Pairing; readonly score: number } | undefined;
    for (const pairing of pairingsOf(lab, lab.training)) {
      const value = score(pairing.place);
      if (value > (best?.score ?? own)) best = { pairing, score: value };
    }
    // Fewer pairs than the null has make a pairing's score wider: two thirds of the pairs are left at the longest shift.
    const z = best === undefined ? 0 : (best.score - chance.mean) / chance.deviation;
    const zOwn = Math.max((own - chance.mean) / chance.deviation, result.training.z.linear);
    const effect = best === undefined ? 0 : (best.score - chance.mean) / room;
    const effectOwn = Math.max(0, (own - chance.mean) / room, result.training.effect);
    measured[target.name] = { own, best: best?.score, kind: best?.pairing.kind, shift: best?.pairing.shift, chance: chance.mean, z, zOwn };
    if (best === undefined || z < clear || effect < worthTelling) continue;
    const atChance = zOwn < inStep && effectOwn < 0.25 * effect;
    // A part of the labels in step, the rest not: only where one is twice the other, so that more than half are out of step.
    if (!atChance && effectOwn > 0.5 * effect) continue;
    const { pairing } = best;
    const linked = labelsAreAlike(lab.training.count, pairing.place, likeness, lab);
    const { correlation, pairs: couples } = largestOverlap(probe, pairing.place);
    // Windows of one series overlap from each to the next, and hold labels of windows further away than they are long.
    const inSeries = [1, 2].some((step) => {
      const next = largestOverlap(probe, (i) => (i + step < lab.training.count ? i + step : -1));
      return next.correlation > Math.max(overlap, 5 / Math.sqrt(next.pairs));
    });
    measured[target.name] = { ...(measured[target.name] as object), labelsAlike: linked, overlap: correlation, inSeries };
    // Chance of the largest of dims^2 correlations: 5 / sqrt(couples) bounds it for 64 x 64 (p = 6e-7 each). Backwards, each couple comes twice.
    if (linked || inSeries || correlation > Math.max(overlap, 5 / Math.sqrt(pairing.kind === 'shift' ? couples : couples / 2))) continue;
    const { found, remedy } = told(pairing);
    const unit = target.kind === 'classes' ? 'of neighbouring inputs agree in their labels' : 'is the correlation of labels of neighbouring inputs';
    const shown = target.kind === 'classes' ? percent : digits;
    findings.push(
      finding({
        rule: 'labels-out-of-step',
        severity: atChance ? 'error' : 'warning',
        message: `${found}: ${shown(best.score)} ${unit} then, ${shown(own)} as they are, ${shown(chance.mean)} by chance`,
        where: { feature: target.name },
        evidence: { kind: pairing.kind, shift: pairing.shift, score: best.score, asGiven: own, chance: chance.mean, deviations: z, samples: points.indices.length },
        remedy,
      }),
    );
  }
  return Object.keys(measured).length === 0 ? { findings, measured, cannotTell: 'there are fewer than 20 samples with labels, or no input varies' } : { findings, measured };
}

export const labelsInStep: Check = { name: 'labels-in-step', stage: 'data', summary: 'Labels belong to their own inputs, not to those of another sample.', run };
