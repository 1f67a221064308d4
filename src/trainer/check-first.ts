import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type LoadedData } from '../data/index.js';
import { ConfigError, PluginError, TrainscopeError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import { resolveClassWeights, withClassWeights, type ClassWeightsOption } from './class-weights.js';
import type { Engine } from './engine.js';
import { checkLabels } from './loss/index.js';
import { shapeText } from './loss/label-shapes.js';
import { thrownText } from '../thrown-text.js';

/**
 * One batch against the model, the loss and the metrics: what would fail, or silently broadcast, in the first step.
 * Changes nothing, and leaves no tensor.
 *
 * @throws ConfigError MODEL_INVALID when the forward pass fails; DataError of labels, loss and metrics that do not go together
 */
export async function checkFirst(engine: Engine, data: LoadedData, settings: { readonly classWeights?: ClassWeightsOption | undefined }): Promise<void> {
  // As large as the data's own batches: a model may take no other size.
  const batch = await data.first();
  try {
    const outputs = firstOutputs(engine, batch.inputs);
    await checkLabels(engine.loss, batch.labels, outputs);
    tf.tidy(() => engine.metrics.check(batch.labels, outputs.map((shape) => tf.zeros(shape))));
    tf.tidy(() => {
      withClassWeights({ ...batch, sampleWeights: undefined }, resolveClassWeights(settings.classWeights, engine.loss.outputs));
    });
  } finally {
    disposeBatch(batch);
  }
}

/** The shapes of the model's outputs for a batch. */
function firstOutputs(engine: Engine, inputs: readonly tf.Tensor[]): number[][] {
  try {
    engine.learnFrom(inputs);
    return tf.tidy(() => engine.model.forward(inputs, false).outputs.map(({ shape }) => shape));
  } catch (cause) {
    if (cause instanceof TrainscopeError) throw cause;
    throw new ConfigError('MODEL_INVALID', {
      found: `the model's forward pass failed for inputs ${inputs.map(({ shape }) => shapeText(shape)).join(', ')}: ${thrownText(cause)}`,
      remedy: 'Compare the shapes of the data with those that the model computes with.',
      cause,
    });
  }
}

/**
 * Holds the layers that plugins ask the activations of to those that there are.
 * @throws PluginError MEASUREMENT_INVALID for a layer that the model does not have
 */
export function checkLayers(plugins: readonly AnyPlugin[], known: readonly string[]): void {
  for (const { name, needs } of plugins) {
    for (const { sources, layers } of Object.values(needs?.of ?? {})) {
      const unknown = sources.includes('activations') ? layers?.find((layer) => !known.includes(layer)) : undefined;
      if (unknown !== undefined) throw unknownLayer(name, unknown, known);
    }
  }
}

export const unknownLayer = (plugin: string, layer: string, known: readonly string[]): PluginError =>
  new PluginError('MEASUREMENT_INVALID', {
    plugin,
    found: `the plugin "${plugin}" asks for the activations of "${layer}"`,
    expected: `the model has ${known.length === 0 ? 'no layers or taps' : known.join(', ')}`,
    remedy: didYouMean(layer, known) || 'Name a layer, or a tap of a model written by hand.',
  });
