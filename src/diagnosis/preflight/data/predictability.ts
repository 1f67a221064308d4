import { errorFunction } from 'simple-statistics';
import type { RandomStream } from '../../../random/index.js';
import type { Lab } from '../lab.js';
import type { Sample } from '../sample.js';
import { LinearProbe, type Embedded } from './linear-probe.js';
import { nearest } from './neighbours.js';
import { fitRepresentation, mostRows, type Points } from './representation.js';
import { targetOf, type Target } from './targets.js';

/** How well labels follow from inputs, beside labels in another order. */
export interface Explained {
  /** Classes: share of neighbours with the same class. Numbers: correlation of a label with its neighbours'. */
  readonly score: number;
  /** The same, with labels in random order. */
  readonly chance: number;
  /** Share of what is left above chance: 0 is chance, 1 is perfect. The better one of neighbours and linear probe. */
  readonly effect: number;
  /** One-sided, of the better one, doubled because there are two; at least 1e-15. */
  readonly p: number;
  /** Deviations above chance: of the neighbours' score and of the linear probe's. */
  readonly z: { readonly neighbours: number; readonly linear: number };
  /** Of the neighbours' score, with labels in random order. */
  readonly deviation: number;
  readonly samples: number;
}

export interface InputsExplainLabels {
  readonly training: Explained;
  readonly validation?: Explained;
  /** Validation samples among training samples, with the scales of the training. */
  readonly across?: Explained;
}

/** 40 orders give the null's deviation a standard error of 11%: a z of 6 is then at least one of 4.5. */
const orders = 40;
/** Fewer, as each costs as much as fifty orders of neighbours. */
const linearOrders = 20;
/** Neighbours of a sample: few, so that a class of ten samples can still be seen. */
export const neighboursEach = 5;

/** Probability that a standard normal number is above z, at least 1e-15. */
export function upperTail(z: number): number {
  if (Number.isNaN(z)) return 1;
  // Beyond 4 the error function's 1e-7 is too coarse: density / z bounds the tail from above (Mills' ratio).
  const tail = z > 4 ? Math.exp(-z * z * 0.5) / (z * Math.sqrt(2 * Math.PI)) : 0.5 * (1 - errorFunction(z / Math.SQRT2));
  return Math.min(1, Math.max(1e-15, tail));
}

/** How alike the labels of two samples are: classes: the share of places that agree; numbers: the product of deviations. */
export type Likeness = (a: number, b: number) => number;

export function likenessOf(target: Target): Likeness {
  const { width } = target;
  if (target.kind === 'classes') {
    const { values } = target;
    if (width === 1) return (a, b) => (values[a] === values[b] ? 1 : 0);
    return (a, b) => {
      let same = 0;
      for (let j = 0; j < width; j += 1) if (values[a * width + j] === values[b * width + j]) same += 1;
      return same / width;
    };
  }
  // Moran's I, with neighbours among inputs as weights, averaged over the places that vary.
  const z = standardised(target.values, width);
  const varying = Array.from({ length: width }, (_, j) => z[j] !== 0 || z.some((each, i) => i % width === j && each !== 0)).filter(Boolean).length;
  return (a, b) => {
    let sum = 0;
    for (let j = 0; j < width; j += 1) sum += (z[a * width + j] ?? 0) * (z[b * width + j] ?? 0);
    return sum / Math.max(1, varying);
  };
}

/** Deviations from the mean of each column; 0 for what is not finite. */
function standardised(values: ArrayLike<number>, width: number): Float32Array {
  const rows = values.length / width;
  const z = new Float32Array(values.length);
  for (let j = 0; j < width; j += 1) {
    const kept = Array.from({ length: rows }, (_, i) => i * width + j).filter((at) => Number.isFinite(values[at]));
    const count = kept.length;
    let mean = 0;
    for (const at of kept) mean += (values[at] ?? 0) / count;
    let variance = 0;
    for (const at of kept) variance += ((values[at] ?? 0) - mean) ** 2 / count;
    if (!(variance > 1e-12 * Math.max(1e-30, mean * mean))) continue;
    for (const at of kept) z[at] = ((values[at] ?? 0) - mean) / Math.sqrt(variance);
  }
  return z;
}

/** Columns that a linear probe can aim at: numbers and classes as they are where they are few, else random mixtures of them. */
export function embed(target: Target, random: RandomStream): Embedded {
  const most = 8;
  const { width } = target;
  const z = target.kind === 'numbers' ? standardised(target.values, width) : undefined;
  const classes = target.kind === 'classes' ? target.classes : 1;
  const sources = target.kind === 'classes' ? width * classes : width;
  const columns = Math.min(most, sources);
  const mixed = sources > most;
  const mixture = mixed ? Float32Array.from({ length: sources * columns }, () => random.normal()) : undefined;
  const count = target.values.length / width;
  const values = new Float32Array(count * columns);
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < width; j += 1) {
      const source = target.kind === 'classes' ? j * classes + (target.values[i * width + j] ?? 0) : j;
      const by = z === undefined ? 1 : (z[i * width + j] ?? 0);
      if (mixture === undefined) values[i * columns + source] = by;
      else for (let c = 0; c < columns; c += 1) values[i * columns + c] = (values[i * columns + c] ?? 0) + by * (mixture[source * columns + c] ?? 0);
    }
  }
  return { values, columns };
}

/** Mean likeness over all pairs of neighbours. `label` says which sample's label stands at a point. */
export function agreement(pairs: Int32Array, k: number, of: Points, likeness: Likeness, labelOf: (place: number) => number, labelAmong: (place: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < of.indices.length; i += 1) {
    const own = labelOf(i);
    if (own < 0) continue;
    for (let slot = i * k; slot < (i + 1) * k; slot += 1) {
      const other = pairs[slot] ?? -1;
      const label = other < 0 ? -1 : labelAmong(other);
      if (label < 0) continue;
      sum += likeness(own, label);
      count += 1;
    }
  }
  return count === 0 ? NaN : sum / count;
}

export interface Null {
  readonly mean: number;
  readonly deviation: number;
}

export function nullOf(scores: readonly number[]): Null {
  const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length;
  return { mean, deviation: Math.sqrt(scores.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, scores.length - 1)) };
}

/** Points of a sample with what is near what among them, and a linear probe. */
export interface Probe {
  readonly points: Points;
  readonly pairs: Int32Array;
  readonly linear: LinearProbe;
}

interface Probes {
  readonly training: Probe;
  readonly validation?: Probe;
  /** Validation points at the training's scales, beside training points. */
  readonly across?: { readonly of: Points; readonly among: Points };
}

const probes = new WeakMap<Lab, Probes>();

function probeOf(points: Points): Probe {
  return { points, pairs: nearest(points, points, neighboursEach, true), linear: new LinearProbe(points) };
}

/** Made once for a lab. */
export function probesOf(lab: Lab): Probes {
  const made = probes.get(lab);
  if (made !== undefined) return made;
  const indices = lab.choose(mostRows, 'data/probe').toSorted();
  const fitted = fitRepresentation(lab, lab.training, indices);
  const training = probeOf(fitted.points(lab.training, indices));
  let result: Probes = { training };
  if (lab.validation !== undefined && lab.validation.count > 0) {
    const held = lab.choose(mostRows / 2, 'data/probe-validation', lab.validation).toSorted();
    const own = fitRepresentation(lab, lab.validation, held);
    result = { training, validation: probeOf(own.points(lab.validation, held)), across: { of: fitted.points(lab.validation, held), among: training.points } };
  }
  probes.set(lab, result);
  return result;
}

/** Below this many samples a permutation's null is too coarse to tell anything. */
const fewest = 20;

/** Effect, chance and z of one probe for labels in the places that `order` says. */
function explained(lab: Lab, target: Target, probe: Probe, name: string): Explained {
  const { points, pairs, linear } = probe;
  const n = points.indices.length;
  const likeness = likenessOf(target);
  const embedded = embed(target, lab.random(`${name}/mixture`));
  const random = lab.random(`${name}/orders`);
  const at = (order: Int32Array | undefined) => (place: number) => points.indices[order === undefined ? place : (order[place] ?? 0)] ?? 0;
  const near = (order?: Int32Array): number => agreement(pairs, neighboursEach, points, likeness, at(order), at(order));
  const straight = (order?: Int32Array): number => linear.score(embedded, at(order));
  const drawn = Array.from({ length: orders }, () => random.permutation(n));
  const nearNull = nullOf(drawn.map(near));
  const straightNull = nullOf(drawn.slice(0, linearOrders).map(straight));
  const score = near();
  const line = straight();
  const zOf = (value: number, { mean, deviation }: Null): number => (deviation > 1e-12 ? (value - mean) / deviation : 0);
  const z = { neighbours: zOf(score, nearNull), linear: zOf(line, straightNull) };
  const room = Math.max(1e-9, 1 - nearNull.mean);
  const effect = Math.max(0, (score - nearNull.mean) / room, line);
  return { score, chance: nearNull.mean, effect, p: Math.min(1, 2 * upperTail(Math.max(z.neighbours, z.linear))), z, deviation: nearNull.deviation, samples: n };
}

/** Cross-sample agreement: neighbours of validation samples among training samples. */
function acrossSamples(lab: Lab, output: number, { of, among }: { readonly of: Points; readonly among: Points }): Explained | undefined {
  const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
  const main = targetOf(lab, output);
  if (held === undefined || main === undefined || held.kind !== main.kind || held.width !== main.width) return undefined;
  // One list with the labels of both: the likeness takes places in it.
  const joined: Target =
    main.kind === 'classes' && held.kind === 'classes'
      ? { ...main, values: Int32Array.from([...main.values, ...held.values]) }
      : { kind: 'numbers', name: main.name, width: main.width, values: Float32Array.from([...main.values, ...held.values]) };
  const likeness = likenessOf(joined);
  const start = lab.training.count;
  const pairs = nearest(of, among, neighboursEach, false);
  const random = lab.random('data/across');
  const score = (order?: Int32Array): number => agreement(pairs, neighboursEach, of, likeness, (i) => start + (of.indices[order === undefined ? i : (order[i] ?? 0)] ?? 0), (j) => among.indices[j] ?? 0);
  const chance = nullOf(Array.from({ length: orders }, () => score(random.permutation(of.indices.length))));
  const own = score();
  const z = chance.deviation > 1e-12 ? (own - chance.mean) / chance.deviation : 0;
  return { score: own, chance: chance.mean, effect: Math.max(0, (own - chance.mean) / Math.max(1e-9, 1 - chance.mean)), p: upperTail(z), z: { neighbours: z, linear: 0 }, deviation: chance.deviation, samples: of.indices.length };
}

const results = new WeakMap<Lab, Promise<readonly (InputsExplainLabels | undefined)[]>>();

function ofOutput(lab: Lab, output: number): InputsExplainLabels | undefined {
  const target = targetOf(lab, output);
  if (target === undefined || lab.training.count < fewest) return undefined;
  const { training, validation, across } = probesOf(lab);
  if (training.points.dims === 0) return undefined;
  const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
  const crossed = across === undefined || lab.validation === undefined || lab.validation.count < fewest ? undefined : acrossSamples(lab, output, across);
  return {
    training: explained(lab, target, training, `data/explained/${String(output)}`),
    ...(held !== undefined && validation !== undefined && validation.points.dims > 0 && (lab.validation as Sample).count >= fewest ? { validation: explained(lab, held, validation, `data/explained-validation/${String(output)}`) } : {}),
    ...(crossed === undefined ? {} : { across: crossed }),
  };
}

/** For every output, in the model's order: undefined where there are fewer than 20 samples, or nothing in the inputs varies. */
export function explainedByOutput(lab: Lab): Promise<readonly (InputsExplainLabels | undefined)[]> {
  let result = results.get(lab);
  if (result === undefined) {
    result = Promise.resolve(lab.training.labels.map((_, i) => ofOutput(lab, i)));
    results.set(lab, result);
  }
  return result;
}

/**
 * How well inputs tell labels, without the model: by the labels of near samples, and by a linear probe, each beside labels in random
 * order, leaving the sample itself out. Of several outputs the one that the training's inputs tell most about; undefined
 * where nothing can be said. Chance means little for a hard task: neighbours and lines do not see a parity.
 */
export async function inputsExplainLabels(lab: Lab): Promise<InputsExplainLabels | undefined> {
  const all = (await explainedByOutput(lab)).filter((each) => each !== undefined);
  return all.toSorted((a, b) => b.training.effect - a.training.effect)[0];
}
