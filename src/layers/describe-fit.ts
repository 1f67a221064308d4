import * as tf from '@tensorflow/tfjs-core';
import { hashConfiguration, type CoreEvents } from '../events/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { ModelFace } from '../trainer/model.js';
import { asJson, version } from '../trainer/run-start.js';

/** What tfjs-layers tells callbacks of a fit (configureCallbacks in its base_callbacks.ts). */
export interface FitParams {
  /** The number of the last epoch, counted on from initialEpoch. */
  readonly epochs: number;
  readonly initialEpoch?: number | null;
  readonly samples?: number | null;
  readonly steps?: number | null;
  readonly batchSize?: number | null;
  readonly doValidation?: boolean;
  /** Names of all logs of an epoch, those of the validation with val_ in front. */
  readonly metrics: readonly string[];
}

/** Steps of an epoch, where the data tells. */
export const stepsPerEpoch = ({ steps, samples, batchSize }: FitParams): number | undefined =>
  typeof steps === 'number' ? steps : typeof samples === 'number' && typeof batchSize === 'number' ? Math.ceil(samples / batchSize) : undefined;

/** Samples of a step of a fit over data in memory, the last of an epoch included. */
export const batchSizeAt = ({ samples, batchSize }: FitParams, stepInEpoch: number): number =>
  typeof samples === 'number' && typeof batchSize === 'number' ? Math.max(0, Math.min(batchSize, samples - stepInEpoch * batchSize)) : 0;

type Json = CoreEvents['run-start']['configuration'];

const nameOf = (loss: unknown): string => (typeof loss === 'string' ? loss : 'custom');

/** The loss as model.compile was given it: a name or a function, one of them for each output, or a record of them. */
const lossOf = (loss: unknown): string =>
  typeof loss === 'object' && loss !== null ? Object.values(loss).map(nameOf).join(', ') : nameOf(loss);

/** The data of run-start for a fit of tfjs-layers. */
export function describeFit(parts: {
  readonly face: ModelFace;
  readonly params: FitParams;
  readonly plugins: readonly AnyPlugin[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly fit: number;
  readonly epochs: number;
}): CoreEvents['run-start'] {
  const { face, params } = parts;
  const { loss, optimizer } = face.source as { readonly loss?: unknown; readonly optimizer: tf.Optimizer };
  const weights = face.weights();
  const plugins = parts.plugins.map(({ name, role, options }) => ({ name, role, options: asJson(options ?? {}) as Json }));
  const settingsOf = asJson({ name: optimizer.getClassName(), ...optimizer.getConfig() }) as Json;
  const metrics = params.metrics.filter((name) => name !== 'loss' && !name.startsWith('val_'));
  const { epochs, samples, batchSize, doValidation } = params;
  const fit = { epochs, samples: samples ?? null, batchSize: batchSize ?? null, stepsPerEpoch: stepsPerEpoch(params) ?? null, validates: doValidation === true };
  const configuration = asJson({ ...parts.settings, fit, optimizer: settingsOf, loss: lossOf(loss), metrics, plugins }) as Json;
  const sizeOf = (some: typeof weights): number => some.reduce((sum, { info }) => sum + info.size, 0);
  const trainable = weights.filter(({ info }) => info.trainable);
  return {
    versions: { trainscope: version, tfjs: tf.version_core, node: process.versions.node },
    platform: `${process.platform}-${process.arch}`,
    backend: { name: tf.getBackend(), refusals: [], notes: [] },
    model: {
      kind: face.kind,
      parameters: sizeOf(weights),
      trainableParameters: sizeOf(trainable),
      weights: trainable.length,
      layers: face.layers().map(({ name, className, outputShape, parameters }) => ({ name, className, outputShape: [...(outputShape ?? [])], parameters })),
    },
    optimizer: settingsOf,
    loss: lossOf(loss),
    metrics,
    configuration,
    configurationHash: hashConfiguration(configuration),
    // The order of the data comes from Math.random.
    seed: null,
    plugins,
    fit: parts.fit,
    epochs: parts.epochs,
  };
}
