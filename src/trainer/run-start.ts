import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendChoice } from '../backend/index.js';
import { encodeNumbers, hashConfiguration, type CoreEvents } from '../events/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { CompiledLoss } from './loss/index.js';
import type { ModelFace } from './model.js';
import type { TrainerOptimizer } from './optimizer/index.js';

export const { version } = createRequire(import.meta.url)(import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json') as { version: string };

/** Anything as plain JSON: functions become their names, so that what was configured can be told apart. */
export const asJson = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(encodeNumbers(value ?? null), (_key, each: unknown) =>
      typeof each === 'function' ? `[function ${each.name === '' ? 'anonymous' : each.name}]` : typeof each === 'bigint' || typeof each === 'symbol' ? String(each) : each,
    ),
  );

/** The data of the run-start event: enough to know what ran, where, and whether two runs were configured alike. */
export function describeRun(parts: {
  readonly model: ModelFace;
  readonly loss: CompiledLoss;
  readonly metrics: readonly string[];
  readonly optimizer: TrainerOptimizer;
  readonly plugins: readonly AnyPlugin[];
  readonly backend: BackendChoice | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly fit: number;
  readonly epochs: number;
}): CoreEvents['run-start'] {
  const weights = parts.model.weights();
  const plugins = parts.plugins.map(({ name, role, options }) => ({ name, role, options: asJson(options ?? {}) as Record<string, never> }));
  const optimizer = asJson(parts.optimizer.config()) as Record<string, never>;
  const configuration = asJson({ ...parts.settings, optimizer, loss: parts.loss.config(), metrics: parts.metrics, plugins }) as Record<string, never>;
  const sizeOf = (some: typeof weights): number => some.reduce((sum, { info }) => sum + info.size, 0);
  return {
    versions: { trainscope: version, tfjs: tf.version_core, node: process.versions.node },
    platform: `${process.platform}-${process.arch}`,
    backend: {
      name: tf.getBackend(),
      refusals: parts.backend?.refusals.map(({ backend, reason }) => ({ backend, reason })) ?? [],
      notes: [...(parts.backend?.notes ?? [])],
    },
    model: {
      kind: parts.model.kind,
      parameters: sizeOf(weights),
      trainableParameters: sizeOf(weights.filter(({ info }) => info.trainable)),
      weights: weights.filter(({ info }) => info.trainable).length,
      layers: parts.model.layers().map(({ name, className, outputShape, parameters }) => ({ name, className, outputShape: [...(outputShape ?? [])], parameters })),
    },
    optimizer,
    loss: parts.loss.config().map(({ loss }) => loss).join(', '),
    metrics: [...parts.metrics],
    configuration,
    configurationHash: hashConfiguration(configuration),
    seed: parts.seed,
    plugins,
    fit: parts.fit,
    epochs: parts.epochs,
  };
}
