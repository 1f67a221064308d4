/**
 * The stock optimizers' updates by one kernel call, where the backend has such kernels: wasm, of which the
 * dozen kernels that TensorFlow.js's Adam calls for each weight take a quarter of a small network's step.
 * All state stays in the optimizer's own fields, in its own layout, so the two ways can take turns.
 */
import * as tf from '@tensorflow/tfjs-core';
import { fusedUpdate, fusesUpdates, slotsOf, type UpdateRule, type WeightUpdate } from '../../backend/index.js';
import { fieldsOf, type SlotEntry } from './slots.js';
import { isSpared, type WeightDecay } from './weight-decay.js';

/** What a rule needs of an optimizer besides weight decay, and where the optimizer keeps its slots. */
interface Fusable {
  readonly rule: RuleWithoutDecay;
  /** Its lists of slots, and what it appends to a weight's name in each. */
  readonly lists: readonly (readonly [entries: SlotEntry[], suffix: string])[];
  /** What comes after all weights. */
  readonly finish?: () => void;
}

type WithoutDecay<Rule> = Rule extends UpdateRule ? Omit<Rule, 'kept' | 'penalty'> : never;
type RuleWithoutDecay = WithoutDecay<UpdateRule>;

const numberOf = (tensor: unknown): number => (tensor as tf.Tensor).dataSync()[0] ?? Number.NaN;

/** What was last written to such a variable, by the data that it has held since. */
const written = new WeakMap<object, number>();

/** A running power of a decay rate, as the optimizer keeps it: a scalar variable in float32. */
function power(given: unknown, rate: number): { readonly correction: number; readonly next: () => void } {
  const variable = given as tf.Variable;
  const value = written.get(variable.dataId) ?? numberOf(variable);
  return {
    correction: 1 / Math.fround(1 - value),
    next: () => {
      const next = Math.fround(value * Math.fround(rate));
      const scalar = tf.scalar(next);
      variable.assign(scalar);
      written.set(scalar.dataId, next);
      scalar.dispose();
    },
  };
}

/** How to fuse an optimizer; undefined where it isn't just the stock class, which a subclass or a patched one isn't. */
function fusable(optimizer: tf.Optimizer): Fusable | undefined {
  if (Object.hasOwn(optimizer, 'applyGradients')) return undefined;
  const fields = fieldsOf(optimizer);
  const rate = Number(fields.learningRate);
  const list = (field: string): SlotEntry[] => fields[field] as SlotEntry[];
  switch (Object.getPrototypeOf(optimizer)) {
    case tf.SGDOptimizer.prototype:
      return { rule: { name: 'sgd', rate }, lists: [] };
    case tf.MomentumOptimizer.prototype:
      // It updates by its tensor `m`, which setMomentum() does not change.
      return { rule: { name: 'momentum', rate, momentum: numberOf(fields.m), nesterov: fields.useNesterov === true }, lists: [[list('accumulations'), 'momentum']] };
    case tf.AdamOptimizer.prototype: {
      const [beta1, beta2] = [Number(fields.beta1), Number(fields.beta2)];
      const first = power(fields.accBeta1, beta1);
      const second = power(fields.accBeta2, beta2);
      return {
        rule: { name: 'adam', rate, beta1, beta2, correction1: first.correction, correction2: second.correction, epsilon: Number(fields.epsilon) },
        lists: [[list('accumulatedFirstMoment'), 'm'], [list('accumulatedSecondMoment'), 'v']],
        finish: () => {
          first.next();
          second.next();
        },
      };
    }
    case tf.RMSPropOptimizer.prototype:
      if (fields.centered === true) return undefined;
      return {
        rule: { name: 'rmsprop', rate, decay: Number(fields.decay), momentum: Number(fields.momentum), epsilon: Number(fields.epsilon) },
        lists: [[list('accumulatedMeanSquares'), 'rms'], [list('accumulatedMoments'), 'momentum']],
      };
    default:
      return undefined;
  }
}

const isFloat = (weight: tf.Tensor, gradient: tf.Tensor): boolean =>
  weight.dtype === 'float32' && gradient.dtype === 'float32' && tf.util.arraysEqual(weight.shape, gradient.shape);

/**
 * One update of all weights that have a gradient, weight decay included. The gradients stay the caller's.
 *
 * @param factors What the rate of a weight, by its variable's name, is multiplied with; 1 for those not named.
 * @param order Names of all variables that the optimizer knows, each in the place of its slots.
 * @returns false when nothing was done and the optimizer has to: another backend, or not a stock optimizer of float32 weights
 */
export function fusedApply(optimizer: tf.Optimizer, order: readonly string[], gradients: ReadonlyMap<tf.Variable, tf.Tensor>, decay: WeightDecay | undefined, factors: ReadonlyMap<string, number> = new Map()): boolean {
  if (!fusesUpdates()) return false;
  const parts = fusable(optimizer);
  if (parts === undefined) return false;
  for (const [weight, gradient] of gradients) if (!isFloat(weight, gradient)) return false;
  const { rule, lists, finish } = parts;
  const byName = new Map([...gradients.keys()].map((variable) => [variable.name, variable]));
  const registered = tf.engine().registeredVariables as Partial<Record<string, tf.Variable>>;
  const shapes = order.map((name) => byName.get(name) ?? registered[name]);
  // A weight that is gone has no shape to make slots of: the optimizer may say so in its own words.
  if (lists.length !== slotsOf(rule.name) || shapes.some((weight, place) => weight === undefined && lists.some(([entries]) => entries[place] === undefined))) return false;

  const updates: WeightUpdate[] = [];
  shapes.forEach((weight, place) => {
    for (const [entries, suffix] of lists) {
      if (weight === undefined) continue;
      entries[place] ??= { originalName: `${weight.name}/${suffix}`, variable: tf.tidy(() => tf.variable(tf.zeros(weight.shape), false)) };
    }
    const gradient = weight === undefined ? undefined : gradients.get(weight);
    if (weight === undefined || gradient === undefined) return;
    const slots = lists.flatMap(([entries]) => entries[place]?.variable ?? []);
    const rate = rule.rate * (factors.get(weight.name) ?? 1);
    updates.push({ rule: { ...rule, rate, ...decayOf(weight, decay, rate) }, weight, gradient, slots });
  });
  fusedUpdate(rule.name, updates);
  finish?.();
  const { incrementIterations } = fieldsOf(optimizer);
  (incrementIterations as () => void).call(optimizer);
  return true;
}

function decayOf(weight: tf.Variable, decay: WeightDecay | undefined, rate: number): { readonly kept: number; readonly penalty: number } {
  if (decay === undefined || isSpared(weight, decay)) return { kept: 1, penalty: 0 };
  return decay.mode === 'l2' ? { kept: 1, penalty: decay.rate } : { kept: 1 - rate * decay.rate, penalty: 0 };
}
