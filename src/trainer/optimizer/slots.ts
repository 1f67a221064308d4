import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors.js';
import { shapeText } from '../loss/label-shapes.js';

/** A tensor of an optimizer by where it stands: `accumulatedFirstMoment.0` (of the order's first weight) or `accBeta1`. */
export interface NamedSlot {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/**
 * What an optimizer knows beside the weights: enough to go on as if it had never stopped. Weights are named in `order`
 * alone, so a run that goes on under other variable names maps the names there.
 */
export interface OptimizerState {
  /** Class of the optimizer: `Adam`. */
  readonly optimizer: string;
  readonly iterations: number;
  readonly learningRate: number;
  /** Names of the variables in the order of their slots. */
  readonly order: readonly string[];
  readonly slots: readonly NamedSlot[];
}

/**
 * TensorFlow.js' optimizers keep their slots in own fields: lists of these, one a weight, and single variables. What an
 * optimizer of one's own keeps in the same way is saved with it.
 */
export interface SlotEntry {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

type Fields = Record<string, unknown>;

export const fieldsOf = (optimizer: tf.Optimizer): Fields => optimizer as unknown as Fields;

/** `Adam`; for an optimizer of one's own that does not tell, the name of its class. */
export const classOf = (optimizer: tf.Optimizer): string =>
  typeof optimizer.getClassName === 'function' ? optimizer.getClassName() : optimizer.constructor.name;

// tf.Variable is generic in its rank, and instanceof alone leaves that rank as any.
const isVariable = (value: unknown): value is tf.Variable => value instanceof tf.Variable;
const isEntry = (value: unknown): value is SlotEntry => typeof value === 'object' && value !== null && 'originalName' in value && 'variable' in value;

/** The lists of slots by field; an empty list may be one of slots that are not made yet. */
function slotLists(optimizer: tf.Optimizer): readonly (readonly [field: string, entries: readonly SlotEntry[]])[] {
  return Object.entries(fieldsOf(optimizer)).flatMap(([field, value]) => {
    if (!Array.isArray(value)) return [];
    const list: readonly unknown[] = value;
    return list.every(isEntry) ? [[field, list] as const] : [];
  });
}

/** The variables whose slots an optimizer has already, in their order: one that was used before it came here. */
export function orderOf(optimizer: tf.Optimizer): string[] {
  const longest = slotLists(optimizer).reduce<readonly SlotEntry[]>((best, [, entries]) => (entries.length > best.length ? entries : best), []);
  return longest.map(({ originalName }) => originalName.slice(0, originalName.lastIndexOf('/')));
}

/** Copies of all slots; a copy shares its values with the slot until that is assigned new ones, and is the caller's to end. */
export function copySlots(optimizer: tf.Optimizer): readonly NamedSlot[] {
  const single = Object.entries(fieldsOf(optimizer)).flatMap(([name, value]) => (isVariable(value) ? [{ name, tensor: tf.clone<tf.Tensor>(value) }] : []));
  const lists = slotLists(optimizer).flatMap(([field, entries]) =>
    entries.map(({ variable }, i) => ({ name: `${field}.${i}`, tensor: tf.clone<tf.Tensor>(variable) })),
  );
  return [...single, ...lists];
}

/**
 * Puts copied slots in place of what the optimizer has. The copies stay the caller's.
 * @throws CheckpointError WEIGHTS_MISMATCH when they are not this optimizer's, or not of these weights' shapes; nothing is changed then
 */
export function putSlots(optimizer: tf.Optimizer, { order, slots }: Pick<OptimizerState, 'order' | 'slots'>): void {
  const fields = fieldsOf(optimizer);
  const single = slots.filter(({ name }) => !name.includes('.'));
  const lists = new Map(slotLists(optimizer).map(([field]) => [field, [] as NamedSlot[]]));
  for (const slot of single) {
    const variable = fields[slot.name];
    if (!isVariable(variable)) throw foreign(slot.name);
    assertShape(slot, variable.shape);
  }
  for (const slot of slots.filter(({ name }) => name.includes('.'))) {
    const [field = '', place = ''] = slot.name.split('.');
    const list = lists.get(field);
    const weight = order[Number(place)];
    if (list === undefined || weight === undefined) throw foreign(slot.name);
    const variable = (tf.engine().registeredVariables as Partial<Record<string, tf.Variable>>)[weight];
    if (variable !== undefined) assertShape(slot, variable.shape, weight);
    list[Number(place)] = slot;
  }
  for (const { name, tensor } of single) (fields[name] as tf.Variable).assign(tensor);
  for (const [field, old] of slotLists(optimizer)) {
    for (const { variable } of old) variable.dispose();
    fields[field] = (lists.get(field) ?? []).map(({ tensor }, i): SlotEntry => ({ originalName: `${order[i] ?? ''}/${field}`, variable: tf.variable(tensor, false) }));
  }
}

const foreign = (name: string): CheckpointError =>
  new CheckpointError('WEIGHTS_MISMATCH', { found: `the optimizer has no slot "${name}"`, expected: 'the state is of an optimizer with the same options' });

function assertShape({ name, tensor }: NamedSlot, shape: readonly number[], weight?: string): void {
  if (tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis])) return;
  throw new CheckpointError('WEIGHTS_MISMATCH', {
    found: `the optimizer's slot "${name}" has shape ${shapeText(tensor.shape)}`,
    expected: weight === undefined ? shapeText(shape) : `its weight "${weight}" has shape ${shapeText(shape)}`,
    remedy: 'Restore into the model that was saved, its weights in the same order.',
  });
}
