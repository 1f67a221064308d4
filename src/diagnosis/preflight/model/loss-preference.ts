import { digits, finding, type Finding } from '../../finding.js';
import type { LossForm } from './loss-form.js';
import type { LossProbe } from './loss-probe.js';
import { furthest, spreadOf } from './predictions.js';

interface Pair {
  readonly form: string;
  readonly right: number;
  readonly wrong: number;
}

/** How sure right predictions are: logits of 4, probabilities of 0.98 and so on. */
const sure = 4;
const likely = 0.98;

/** Right predictions must cost less than wrong ones, and no direction away from the labels may cost less and less. */
export async function lossPreference(probe: LossProbe, form: LossForm, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const { output, targets } = probe;
  if (targets === undefined || probe.rows.length < 2) return undefined;
  const isNumbers = output.kind === 'numbers';
  const pairs = isNumbers ? await ofNumbers(probe, targets) : await ofClasses(probe, targets, form);
  numbers['preference'] = pairs;
  const { name, loss } = output;
  const judged = pairs.filter(({ right, wrong }) => Number.isFinite(right) && Number.isFinite(wrong));
  // In every form that the loss can be computed for: the one that it is made for is among them.
  const isWrong = judged.length > 0 && judged.every(({ right, wrong }) => wrong < right - 1e-3 * Math.max(Math.abs(right), Math.abs(wrong)));
  const [first] = judged;
  if (isWrong && first !== undefined) {
    return finding({
      rule: 'loss-prefers-wrong',
      severity: 'error',
      where: { layer: name },
      message: `the loss "${loss.name}" is ${digits(first.right)} for right predictions (${first.form}) and less, ${digits(first.wrong)}, for wrong ones: training makes the model worse`,
      evidence: { pairs: pairs.map((each) => ({ ...each })), formula: form.name ?? null, factor: form.factor },
      remedy: form.name !== undefined && form.factor < 0 ? `It is the ${form.name} with its sign the wrong way round: put tf.neg around it.` : 'Look for a minus that is missing or too much, and for labels turned into 1 - labels.',
    });
  }
  const swapped = output.kind === 'numbers' || output.kind === 'sign' || form.name !== undefined ? undefined : await isLinear(probe);
  if (swapped !== undefined) {
    numbers['slope'] = swapped;
    return finding({
      rule: 'loss-arguments-swapped',
      severity: 'error',
      where: { layer: name },
      message: `the loss "${loss.name}" is a straight line in the predictions, ${digits(swapped)} steep: the logarithm is taken of the labels, as when labels and predictions change places`,
      evidence: { slope: swapped },
      remedy: 'A loss gets (labels, predictions), in that order; look in which order it hands them on.',
    });
  }
  return isNumbers ? unbounded(probe, targets, numbers) : undefined;
}

/** The labels as predictions, beside the same numbers in the opposite order: what grows with the label must cost less. */
async function ofNumbers(probe: LossProbe, targets: Float32Array): Promise<readonly Pair[]> {
  const { rows, size } = probe;
  const order = Array.from({ length: rows.length }, (_, i) => i).sort((a, b) => (targets[a * size] ?? 0) - (targets[b * size] ?? 0));
  const wrong = new Float32Array(targets.length);
  for (const [rank, i] of order.entries()) {
    const other = order[order.length - 1 - rank] ?? i;
    wrong.set(targets.subarray(other * size, (other + 1) * size), i * size);
  }
  return [{ form: 'the labels themselves', right: await probe.batch(targets), wrong: await probe.batch(wrong) }];
}

async function ofClasses(probe: LossProbe, targets: Float32Array, { expects }: LossForm): Promise<readonly Pair[]> {
  const { output } = probe;
  const { width, kind } = output;
  const isClasses = kind === 'class' || kind === 'one-hot' || kind === 'distribution';
  const opposite = targets.map((each, i) => {
    if (!isClasses) return kind === 'sign' ? -each : 1 - each;
    // The next class in place of the right one.
    const row = i - (i % width);
    return targets[row + ((i % width) + 1) % width] ?? 0;
  });
  const logits = (from: Float32Array): Float32Array => from.map((each) => (kind === 'sign' ? sure * each : sure * (2 * each - 1)));
  const low = isClasses ? (1 - likely) / Math.max(1, width - 1) : 1 - likely;
  const probabilities = (from: Float32Array): Float32Array => from.map((each) => (kind === 'sign' ? likely * each : low + (likely - low) * each));
  const pairs: Pair[] = [];
  if (expects !== 'distribution' && expects !== 'probabilities') pairs.push({ form: 'sure logits', right: await probe.batch(logits(targets)), wrong: await probe.batch(logits(opposite)) });
  if (expects !== 'softmax-logits' && expects !== 'sigmoid-logits') pairs.push({ form: 'sure probabilities', right: await probe.batch(probabilities(targets)), wrong: await probe.batch(probabilities(opposite)) });
  return pairs;
}

/**
 * The slope of a loss of classes that is a straight line in the predictions, where it is. The logarithm of limited
 * labels, ln 1e-7 = -16, makes it steep; that of an absolute error of probabilities is 1 at most, 2 over a row.
 */
async function isLinear(probe: LossProbe): Promise<number | undefined> {
  const at = (name: string): Float32Array => probe.normals(`line/${name}`, 1).map((x) => 0.05 + 0.9 / (1 + Math.exp(-x)));
  const a = at('a');
  const b = at('b');
  const middle = a.map((each, i) => (each + (b[i] ?? 0)) / 2);
  const [first, second, between] = [await probe.single(a), await probe.single(b), await probe.single(middle)];
  const own = Math.max(...first.map((each, i) => Math.abs(each - (second[i] ?? 0))));
  if (!Number.isFinite(own) || own === 0) return undefined;
  const bend = Math.max(...between.map((each, i) => Math.abs(each - ((first[i] ?? 0) + (second[i] ?? 0)) / 2)));
  if (!(bend < 1e-4 * own)) return undefined;
  const slope = own / furthest(a, b);
  const shifted = (by: number): Float32Array => middle.map((each, i) => each + (i % 2 === 0 ? by : -by));
  // A straight line goes on far away: |p - y| turns where p leaves 0..1.
  const [up, down] = [await probe.single(shifted(20)), await probe.single(shifted(-20))];
  const isStraight = between.every((each, i) => Math.abs((up[i] ?? NaN) + (down[i] ?? NaN) - 2 * each) < 1e-3 * Math.abs((up[i] ?? NaN) - each));
  return isStraight || slope > 5 ? slope : undefined;
}

/** A loss of numbers that falls in both directions away from the labels, at 100 spreads below that at the labels, at 1000 ever further. */
async function unbounded(probe: LossProbe, targets: Float32Array, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const scale = Math.max(spreadOf(targets), 1e-3);
  const sign = probe.normals('direction').map(Math.sign);
  const at = async (distance: number): Promise<number> => probe.batch(targets.map((each, i) => each + distance * scale * (sign[i] ?? 1)));
  const losses = new Map<number, number>();
  for (const distance of [-1000, -100, 0, 100, 1000]) losses.set(distance, await at(distance));
  numbers['lossAwayFromLabels'] = Object.fromEntries(losses);
  const of = (distance: number): number => losses.get(distance) ?? NaN;
  const falls = (side: number): boolean => of(100 * side) < of(0) && of(1000 * side) - of(0) < 5 * (of(100 * side) - of(0));
  if (!falls(1) || !falls(-1)) return undefined;
  return finding({
    rule: 'loss-not-bounded',
    severity: 'error',
    where: { layer: probe.output.name },
    message: `the loss "${probe.output.loss.name}" falls the further predictions are from the labels: ${digits(of(0))} at them, ${digits(of(100))} at 100 standard deviations, ${digits(of(1000))} at 1000`,
    evidence: { losses: Object.fromEntries(losses) },
    remedy: 'Square the error or make it absolute, and see that its sign is positive.',
  });
}
