import * as tf from '@tensorflow/tfjs-core';
import { LayersModel } from '@tensorflow/tfjs-layers';
import type { ArrayValues, DataSource } from '../data/index.js';
import type { Experiment } from '../diagnosis/preflight/experiment.js';

/** What tfjs-layers' fit takes of a training, as far as it matters before it. */
interface FitArgs {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly shuffle?: boolean | string;
  readonly validationSplit?: number;
  readonly validationData?: readonly unknown[] | DataSource;
}

type Values = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>>;

const mapped = (values: Values, change: (tensor: tf.Tensor) => tf.Tensor): Values => {
  if (values instanceof tf.Tensor) return change(values);
  if (Array.isArray(values)) return (values as readonly tf.Tensor[]).map(change);
  return Object.fromEntries(Object.entries(values as Readonly<Record<string, tf.Tensor>>).map(([name, tensor]) => [name, change(tensor)]));
};

const samplesOf = (values: Values): number => {
  const [first] = values instanceof tf.Tensor ? [values] : Object.values(values as Readonly<Record<string, tf.Tensor>>);
  return first?.shape[0] ?? 0;
};

/** The last samples validate, as in Keras and tfjs-layers. */
function split(x: Values, y: Values, share: number): { readonly training: DataSource; readonly validation: DataSource } {
  const at = Math.floor(samplesOf(x) * (1 - share));
  const part = (values: Values, from: number, to: number): ArrayValues => mapped(values, (tensor) => tf.slice(tensor, from, to - from));
  const all = samplesOf(x);
  return { training: { inputs: part(x, 0, at), labels: part(y, 0, at) }, validation: { inputs: part(x, at, all), labels: part(y, at, all) } };
}

interface Compiled {
  readonly loss?: unknown;
  readonly optimizer?: unknown;
}

/** A compiled model of tfjs-layers and its data, as a training of ours. */
function experimentOf(model: LayersModel, data: DataSource, validation: DataSource | undefined, { epochs, batchSize, shuffle }: FitArgs): Experiment {
  const { loss, optimizer } = model as unknown as Compiled;
  if (loss === undefined) throw new Error('the model is not compiled: call model.compile({ optimizer, loss }) before fit');
  return {
    model: model,
    loss: loss as Experiment['loss'],
    optimizer: optimizer as NonNullable<Experiment['optimizer']>,
    data,
    ...(validation === undefined ? {} : { validation }),
    fit: { ...(epochs === undefined ? {} : { epochs }), ...(batchSize === undefined ? {} : { batchSize }), ...(typeof shuffle === 'boolean' ? { shuffle } : {}) },
  };
}

const pair = (given: FitArgs['validationData']): DataSource | undefined =>
  Array.isArray(given) ? { inputs: (given as readonly ArrayValues[])[0] ?? [], labels: (given as readonly ArrayValues[])[1] } : (given as DataSource | undefined);

/** Puts `handler` in place of fit and fitDataset of every LayersModel, until the function that it gives back is called. */
export function takeOverLayersFit(handler: (experiment: Experiment) => Promise<never>): () => void {
  const own = LayersModel.prototype as unknown as Record<'fit' | 'fitDataset', unknown>;
  const { fit, fitDataset } = own;
  own.fit = function take(this: LayersModel, x: Values, y: Values, args: FitArgs = {}): Promise<never> {
    const { validationSplit = 0, validationData } = args;
    if (validationSplit > 0 && validationData === undefined) {
      const { training, validation } = split(x, y, validationSplit);
      return handler(experimentOf(this, training, validation, args));
    }
    return handler(experimentOf(this, { inputs: x as ArrayValues, labels: y as ArrayValues }, pair(validationData), args));
  };
  own.fitDataset = function take(this: LayersModel, dataset: DataSource, args: FitArgs = {}): Promise<never> {
    // A Dataset brings its batches with it.
    const { epochs } = args;
    return handler(experimentOf(this, dataset, pair(args.validationData), epochs === undefined ? {} : { epochs }));
  };
  return () => Object.assign(own, { fit, fitDataset });
}
