import * as tf from '@tensorflow/tfjs-core';
import { headOf, hiddenOptions, type Architecture } from '../architecture.js';
import { layers, model, sequential, type Layer, type LayersModel } from '../tfjs.js';

/** A model of these layers, of which the first gets the shape of the input. Biases alone are trained where the fault says so. */
export function stacked(all: readonly Layer[], inputShape: readonly number[], { freeze }: Architecture): LayersModel {
  const whole = sequential({ layers: [layers.inputLayer({ inputShape: [...inputShape] }), ...all] });
  if (freeze !== 'all but biases') return whole;
  // Not of a Sequential: it sets `trainable` of all its weights when it is built.
  const functional = model({ inputs: whole.inputs, outputs: whole.outputs });
  for (const layer of functional.layers) {
    for (const weight of layer.trainableWeights) if (weight.shape.length > 1) (weight as { trainable: boolean }).trainable = false;
  }
  return functional;
}

const dropoutAfter = (rate: number, name: string): Layer[] => (rate === 0 ? [] : [layers.dropout({ rate, name })]);

/** Dense layers from a row of numbers. */
export const denseNet =
  (inputs: number) =>
  (architecture: Architecture): LayersModel =>
    stacked(
      [
        ...(architecture.first === undefined ? [] : [architecture.first()]),
        ...architecture.hidden.flatMap((units, i) => [layers.dense({ units, name: `hidden${String(i + 1)}`, ...hiddenOptions(architecture) }), ...dropoutAfter(architecture.dropout, `dropout${String(i + 1)}`)]),
        ...headOf(architecture),
      ],
      [inputs],
      architecture,
    );

/** Convolutions of 3x3 with pooling after each, on images. `special: 'collapsed'`: pooled to a single place before the second one. */
export const convNet =
  (size: number) =>
  (architecture: Architecture): LayersModel => {
    const collapsed = architecture.special === 'collapsed';
    return stacked(
      [
        ...(architecture.first === undefined ? [] : [architecture.first()]),
        ...architecture.hidden.flatMap((filters, i) => [
          layers.conv2d({ filters, kernelSize: 3, name: `conv${String(i + 1)}`, ...(collapsed ? { padding: 'same' as const } : {}), ...hiddenOptions(architecture) }),
          ...(collapsed ? (i === 0 ? [layers.maxPooling2d({ poolSize: size, name: 'pool1' })] : []) : [layers.maxPooling2d({ poolSize: 2, name: `pool${String(i + 1)}` })]),
        ]),
        layers.flatten({ name: 'flat' }),
        ...dropoutAfter(architecture.dropout, 'dropout'),
        ...headOf(architecture),
      ],
      [size, size, 1],
      architecture,
    );
  };

/** Zeros before and after a series [batch, time, features]. */
export class PadTime extends layers.Layer {
  static className = 'PadTime';
  constructor(
    private readonly before: number,
    private readonly after: number,
    name: string,
  ) {
    super({ name });
  }

  override computeOutputShape([batch = null, time = null, features = null]: (number | null)[]): (number | null)[] {
    return [batch, time === null ? null : time + this.before + this.after, features];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const series = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.pad(series, [[0, 0], [this.before, this.after], [0, 0]]));
  }
}
