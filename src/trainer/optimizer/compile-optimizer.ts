import type * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../../errors.js';
import { problemsOf } from '../../problems.js';
import { problemsError, throwProblems, unknownName, type CodedProblem } from '../spec-problems.js';
import { makeOptimizer } from './make-optimizer.js';
import { optimizerNames, optimizerSchemas, type FullOptimizerConfig, type OptimizerConfig, type OptimizerName } from './optimizer-schema.js';
import { classOf, fieldsOf } from './slots.js';
import { TrainerOptimizer } from './trainer-optimizer.js';
import type { WeightDecay } from './weight-decay.js';

/** An optimizer of TensorFlow.js, a name, or a name with options. An optimizer that is handed in stays the caller's. */
export type OptimizerSpec = tf.Optimizer | OptimizerName | (string & {}) | OptimizerConfig;

export interface OptimizerOptions {
  /** For any optimizer; not beside a `weightDecay` in its own options. */
  readonly weightDecay?: WeightDecay | undefined;
}

/**
 * Makes the trainer's optimizer.
 *
 * @throws ConfigError OPTIMIZER_INVALID for an unknown name or wrong options (`problems` holds all of them) or for an
 *   object that is no optimizer, OPTIMIZER_NO_LEARNING_RATE for one without a learning rate that could be read and set
 * @example compileOptimizer({ name: 'adamw', learningRate: 3e-4, weightDecay: 0.05 })
 */
export function compileOptimizer(spec: OptimizerSpec, options: OptimizerOptions = {}): TrainerOptimizer {
  if (isOptimizer(spec)) return fromOptimizer(spec, options);
  const { config, decay } = checkOptimizer(spec, options);
  return new TrainerOptimizer({
    optimizer: makeOptimizer(config),
    owned: true,
    decay,
    config: { ...withoutUndefined(config), ...(decay === undefined ? {} : { weightDecay: { rate: decay.rate, mode: decay.mode } }) },
  });
}

// Not instanceof tf.Optimizer: that asks for minimize and computeGradients too, which are of no use here.
const isOptimizer = (spec: unknown): spec is tf.Optimizer =>
  typeof spec === 'object' && spec !== null && 'applyGradients' in spec && typeof spec.applyGradients === 'function';

function fromOptimizer(optimizer: tf.Optimizer, { weightDecay: decay }: OptimizerOptions): TrainerOptimizer {
  const { learningRate } = fieldsOf(optimizer);
  if (typeof learningRate !== 'number' || !Number.isFinite(learningRate)) {
    throw new ConfigError('OPTIMIZER_NO_LEARNING_RATE', {
      found: `the optimizer's learningRate is ${String(learningRate)}`,
      expected: 'it is a number that schedules can read and set',
      remedy: 'Give the optimizer a property learningRate that it uses at every update.',
    });
  }
  if (learningRate < 0) {
    throw new ConfigError('OPTIMIZER_INVALID', { found: `the optimizer's learningRate is ${String(learningRate)}`, expected: 'it is 0 or more', remedy: 'A negative one makes the loss larger with every step: give its size.' });
  }
  const own = typeof optimizer.getConfig === 'function' ? optimizer.getConfig() : { learningRate };
  const config = { name: classOf(optimizer), ...own, ...(decay === undefined ? {} : { weightDecay: { rate: decay.rate, mode: decay.mode } }) };
  return new TrainerOptimizer({ optimizer, owned: false, decay, config });
}

/**
 * The options of an optimizer by name, with their defaults, and its weight decay.
 * @throws ConfigError OPTIMIZER_INVALID, as compileOptimizer does
 */
export function checkOptimizer(spec: unknown, options: OptimizerOptions = {}): { readonly config: FullOptimizerConfig; readonly decay: WeightDecay | undefined } {
  const config = parse(spec);
  return { config, decay: decayOf(config, options) };
}

const isName = (name: string): name is OptimizerName => optimizerNames.some((each) => each === name);

function parse(spec: unknown): FullOptimizerConfig {
  const given: unknown = typeof spec === 'string' ? { name: spec } : spec;
  if (typeof given !== 'object' || given === null || !('name' in given) || typeof given.name !== 'string') {
    throw new ConfigError('OPTIMIZER_INVALID', {
      found: `the optimizer is ${given === null ? 'null' : `a value of type ${typeof given} without name and applyGradients`}`,
      expected: `it is an optimizer of tf.train, one of ${optimizerNames.join(', ')}, or { name, ... } with options`,
    });
  }
  // tfjs-layers and Keras write them with capitals.
  const name = given.name.toLowerCase();
  if (!isName(name)) throw problemsError('the optimizer is', [unknownName('OPTIMIZER_INVALID', 'optimizer', given.name, optimizerNames, ['name'])]);
  const schema = optimizerSchemas[name];
  const parsed = schema.safeParse({ ...given, name });
  if (!parsed.success) {
    throwProblems('the optimizer is', problemsOf(parsed.error, schema, given).map((problem) => ({ ...problem, code: 'OPTIMIZER_INVALID' })));
    throw parsed.error;
  }
  const config = parsed.data;
  if ('nesterov' in config && config.nesterov && config.momentum === 0) throw invalid('nesterov', 'it needs a momentum above 0');
  return config;
}

const invalid = (option: string, message: string): ConfigError =>
  problemsError('the optimizer is', [{ code: 'OPTIMIZER_INVALID', path: [option], message } satisfies CodedProblem]);

function decayOf({ name, weightDecay: own }: FullOptimizerConfig, { weightDecay }: OptimizerOptions): WeightDecay | undefined {
  // That of adamw is always there, by default: the other one goes over it.
  if (own !== undefined && weightDecay !== undefined && name !== 'adamw') {
    throw invalid('weightDecay', 'it is given twice, in the options of the optimizer and beside them');
  }
  const decay = weightDecay ?? (typeof own === 'number' ? { rate: own, mode: 'decoupled' as const } : own);
  if (name === 'adamw' && decay?.mode === 'l2') throw invalid('weightDecay', 'adamw is Adam with decoupled decay; use adam for mode l2');
  return decay;
}

const withoutUndefined = (config: FullOptimizerConfig): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
