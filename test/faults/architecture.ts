import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, regularizers, serialization } from './tfjs.js';
import type { Layer } from './tfjs.js';

type Kernel = Extract<Parameters<typeof layers.dense>[0]['kernelInitializer'], string> | ReturnType<typeof initializers.ones>;
type Activation = NonNullable<Parameters<typeof layers.dense>[0]['activation']>;

/** What faults and healthy variants change in a network. */
export interface Architecture {
  /** Units, or filters, of the hidden layers. */
  readonly hidden: readonly number[];
  /** null: none. */
  readonly activation: Activation | null;
  readonly kernel: () => Kernel;
  /** Of the hidden layers alone; undefined: zeros. */
  readonly bias?: number | undefined;
  readonly outputs: number;
  /** null: none. */
  readonly head: Activation | null;
  readonly headKernel?: (() => Kernel) | undefined;
  readonly dropout: number;
  readonly outputDropout: number;
  readonly l2: number;
  readonly freeze: 'nothing' | 'output' | 'all but biases';
  /** Layers to put before the first, before the last, or at the end. Made anew for each model. */
  readonly first?: (() => Layer) | undefined;
  readonly beforeHead?: (() => Layer) | undefined;
  readonly last?: (() => Layer) | undefined;
  /** What one set-up alone knows. */
  readonly special?: string | undefined;
}

export const plain: Architecture = {
  hidden: [32],
  activation: 'relu',
  kernel: () => 'heNormal',
  outputs: 1,
  head: null,
  dropout: 0,
  outputDropout: 0,
  l2: 0,
  freeze: 'nothing',
};

/** Options of every hidden layer with a kernel. */
export function hiddenOptions({ activation, kernel, bias, l2 }: Architecture): { activation?: Activation; kernelInitializer: Kernel; biasInitializer?: Kernel; kernelRegularizer?: ReturnType<typeof regularizers.l2> } {
  return {
    ...(activation === null ? {} : { activation }),
    kernelInitializer: kernel(),
    ...(bias === undefined ? {} : { biasInitializer: initializers.constant({ value: bias }) }),
    ...(l2 === 0 ? {} : { kernelRegularizer: regularizers.l2({ l2 }) }),
  };
}

/** The last layers: what faults put before it, the dense layer, dropout, what they put after it. */
export function headOf(architecture: Architecture): Layer[] {
  const { outputs, head, headKernel, outputDropout, l2, freeze, beforeHead, last } = architecture;
  return [
    ...(beforeHead === undefined ? [] : [beforeHead()]),
    layers.dense({
      units: outputs,
      name: 'output',
      ...(head === null ? {} : { activation: head }),
      ...(headKernel === undefined ? {} : { kernelInitializer: headKernel() }),
      ...(l2 === 0 ? {} : { kernelRegularizer: regularizers.l2({ l2 }) }),
      trainable: freeze !== 'output',
    }),
    ...(outputDropout === 0 ? [] : [layers.dropout({ rate: outputDropout, name: 'output_dropout' })]),
    ...(last === undefined ? [] : [last()]),
  ];
}

/** A layer of any function that keeps all axes but the last. */
export class Lambda extends layers.Layer {
  static className = 'Lambda';
  constructor(
    private readonly compute: (input: tf.Tensor) => tf.Tensor,
    name: string,
    private readonly width?: number,
  ) {
    super({ name });
  }

  override computeOutputShape(shape: (number | null)[]): (number | null)[] {
    return this.width === undefined ? shape : [...shape.slice(0, -1), this.width];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => this.compute(Array.isArray(inputs) ? inputs[0]! : inputs));
  }
}
serialization.registerClass(Lambda);
