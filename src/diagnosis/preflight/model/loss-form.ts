import { softmaxOf, sigmoidOf, type LossProbe } from './loss-probe.js';
import { allFinite } from './predictions.js';

/** What predictions a loss is made for. */
export type Expects = 'softmax-logits' | 'sigmoid-logits' | 'distribution' | 'probabilities' | 'numbers';

export interface LossForm {
  readonly expects: Expects | undefined;
  /** The formula found in a custom loss, or the name of a built-in one. */
  readonly name: string | undefined;
  /** The loss is this many times the formula: -1 for a sign the wrong way round. */
  readonly factor: number;
}

interface Reference {
  readonly name: string;
  readonly expects: Expects;
  /** Loss of one sample: targets and predictions of its size, classes along rows of `width`. */
  loss(targets: Float32Array, predictions: Float32Array, width: number): number;
}

const sumOver = (targets: Float32Array, predictions: Float32Array, each: (target: number, prediction: number) => number): number => targets.reduce((sum, target, i) => sum + each(target, predictions[i] ?? 0), 0);
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Textbook formulas, up to a factor. */
const references: readonly Reference[] = [
  { name: 'cross-entropy of a softmax of logits', expects: 'softmax-logits', loss: (y, x, width) => sumOver(y, softmaxOf(x, width), (t, p) => (t === 0 ? 0 : -t * Math.log(p))) },
  { name: 'cross-entropy of sigmoids of logits', expects: 'sigmoid-logits', loss: (y, x) => sumOver(y, x, (t, z) => softplus(z) - t * z) },
  { name: 'mean squared error', expects: 'numbers', loss: (y, x) => sumOver(y, x, (t, p) => (t - p) ** 2) },
  { name: 'mean absolute error', expects: 'numbers', loss: (y, x) => sumOver(y, x, (t, p) => Math.abs(t - p)) },
];
const ofProbabilities: readonly Reference[] = [
  { name: 'cross-entropy of a distribution', expects: 'distribution', loss: (y, p) => sumOver(y, p, (t, q) => (t === 0 ? 0 : -t * Math.log(q))) },
  { name: 'cross-entropy of probabilities', expects: 'probabilities', loss: (y, p) => sumOver(y, p, (t, q) => -t * Math.log(q) - (1 - t) * Math.log(1 - q)) },
];

/** Draws of predictions that a formula is compared on. */
const draws = 4;
/** Relative distance up to which two losses are one: limits of 1e-7 and float32 sums stay below. */
const tolerance = 2e-3;

const builtIn = (probe: LossProbe): LossForm | undefined => {
  const { custom, name, form, fromLogits } = probe.output.loss;
  if (custom) return undefined;
  if (name === 'kullbackLeiblerDivergence') return { expects: 'distribution', name, factor: 1 };
  if (name === 'binaryCrossentropy') return { expects: fromLogits ? 'sigmoid-logits' : 'probabilities', name, factor: 1 };
  if (name.endsWith('ategoricalCrossentropy') && form !== 'free') return { expects: fromLogits ? 'softmax-logits' : 'distribution', name, factor: 1 };
  if (/hinge/i.test(name) || name === 'poisson' || name === 'cosineProximity') return { expects: undefined, name, factor: 1 };
  return { expects: 'numbers', name, factor: 1 };
};

/**
 * What a loss expects: of a built-in one by its name; a custom one is evaluated sample by sample on drawn predictions
 * and compared with the formulas, up to a factor for each label (class weights) and a sign.
 */
export async function lossFormOf(probe: LossProbe): Promise<LossForm> {
  const named = builtIn(probe);
  if (named !== undefined) return named;
  const unknown: LossForm = { expects: undefined, name: undefined, factor: 1 };
  const { targets, size, output } = probe;
  const { kind, width } = output;
  if (targets === undefined) return unknown;
  const isClasses = kind === 'class' || kind === 'one-hot' || kind === 'distribution';
  const isZeroOne = isClasses || kind === 'binary' || kind === 'multi-label';
  const fits = ({ expects }: Reference): boolean =>
    expects === 'numbers' || (isZeroOne && (width > 1 || (expects !== 'softmax-logits' && expects !== 'distribution')) && (kind !== 'multi-label' || (expects !== 'softmax-logits' && expects !== 'distribution')));
  const attempt = async (candidates: readonly Reference[], made: (draw: number) => Float32Array): Promise<LossForm | undefined> => {
    const predictions = Array.from({ length: draws }, (_, draw) => made(draw));
    const found: Float32Array[] = [];
    for (const each of predictions) found.push(await probe.single(each));
    if (!found.every(allFinite)) return undefined;
    for (const reference of candidates.filter(fits)) {
      const factors = factorsOf(reference, probe.rows.length, size, width, targets, predictions, found);
      if (factors !== undefined) return { expects: reference.expects, name: reference.name, factor: factors };
    }
    return undefined;
  };
  const scale = kind === 'numbers' ? Math.max(1e-6, Math.sqrt(targets.reduce((sum, each) => sum + each * each, 0) / targets.length)) : 1.5;
  const plain = await attempt(references, (draw) => probe.normals(`logits/${String(draw)}`, scale));
  if (plain !== undefined || !isZeroOne) return plain ?? unknown;
  const logits = (draw: number): Float32Array => probe.normals(`probabilities/${String(draw)}`, 1.5);
  // A distribution first: on rows that sum to 1 each formula is itself, and 1 - p of two classes is no mistake.
  const ofRows = width > 1 && isClasses ? await attempt(ofProbabilities, (draw) => softmaxOf(logits(draw), width)) : undefined;
  if (ofRows !== undefined) return ofRows;
  return (await attempt(ofProbabilities, (draw) => sigmoidOf(logits(draw)))) ?? unknown;
}

/** The factor between losses found and a formula's: the first sample's, where every sample has one that is the same in all draws. */
function factorsOf(reference: Reference, rows: number, size: number, width: number, targets: Float32Array, predictions: readonly Float32Array[], found: readonly Float32Array[]): number | undefined {
  const factors: number[] = [];
  for (let i = 0; i < rows; i += 1) {
    const row = (values: Float32Array): Float32Array => values.subarray(i * size, (i + 1) * size);
    const expected = predictions.map((each) => reference.loss(row(targets), row(each), width));
    const own = found.map((each) => each[i] ?? NaN);
    const factor = expected.reduce((sum, each, d) => sum + each * (own[d] ?? 0), 0) / expected.reduce((sum, each) => sum + each * each, 0);
    if (!Number.isFinite(factor) || factor === 0) return undefined;
    const largest = Math.max(...own.map(Math.abs));
    if (own.some((each, d) => Math.abs(each - factor * (expected[d] ?? 0)) > tolerance * largest)) return undefined;
    factors.push(factor);
  }
  const signs = new Set(factors.map(Math.sign));
  return signs.size === 1 ? factors[0] : undefined;
}

/** Whether a custom loss takes class numbers for targets, the same for each class's prediction: its formula, if so. */
export async function takesClassNumbers(probe: LossProbe): Promise<string | undefined> {
  const { output, size, rows, labels } = probe;
  if (!output.loss.custom || output.kind !== 'class' || new Set(labels).size < 2) return undefined;
  const targets = new Float32Array(rows.length * size);
  for (const [i, each] of labels.entries()) targets.fill(each, i * output.width, (i + 1) * output.width);
  const predictions = Array.from({ length: draws }, (_, draw) => probe.normals(`numbers/${String(draw)}`, 1.5));
  const found: Float32Array[] = [];
  for (const each of predictions) found.push(await probe.single(each));
  if (!found.every(allFinite)) return undefined;
  return references.find((each) => each.expects === 'numbers' && factorsOf(each, rows.length, size, output.width, targets, predictions, found) !== undefined)?.name;
}
