type Shape = readonly (number | null)[];

interface Weight {
  readonly name: string;
  readonly shape: readonly (number | null)[];
}

/** What is looked at of a layer of tfjs-layers. */
export interface CountedLayer {
  readonly name: string;
  readonly weights: readonly Weight[];
  getClassName(): string;
  getConfig(): Readonly<Record<string, unknown>>;
  readonly inboundNodes: readonly { readonly inputShapes: unknown; readonly outputShapes: unknown }[];
  /** Of a wrapper: what it wraps. */
  readonly layer?: CountedLayer;
  /** Of a model within the model. */
  readonly layers?: readonly CountedLayer[];
}

/**
 * Layers that look up, move, compare or work on one entry at a time: their work is about the size of their output, which
 * is small beside a product of matrices, and is not counted, as in Howard et al. (MobileNets, 2017).
 */
const uncounted =
  /^(InputLayer|Embedding|Flatten|Reshape|Permute|RepeatVector|Masking|(Spatial|Alpha|Gaussian)?Dropout(1D)?|GaussianNoise|ZeroPadding2D|Cropping2D|UpSampling2D|Activation|(Leaky|P|Thresholded)?ReLU|ELU|Softmax|Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|(Global)?(Max|Average)Pooling[123]D|(Batch|Layer)Normalization|Rescaling|CenterCrop|Resizing|CategoryEncoding|Random\w+)$/;

const product = (shape: Shape): number | null => shape.reduce<number | null>((all, each) => (all === null || each === null ? null : all * each), 1);
const times = (...factors: readonly (number | null | undefined)[]): number | null => product(factors.map((each) => each ?? null));
const plus = (terms: readonly (number | null)[]): number | null => terms.reduce<number | null>((sum, each) => (sum === null || each === null ? null : sum + each), 0);

const firstShape = (shapes: unknown): Shape => (Array.isArray(shapes) && Array.isArray(shapes[0]) ? (shapes[0] as Shape) : (shapes as Shape));
const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1).replace(/_\d+$/, '');
/** Entries of the weights of these kinds. */
const sizeOf = ({ weights }: CountedLayer, ...kinds: readonly string[]): number | null => plus(weights.filter(({ name }) => kinds.includes(lastOf(name))).map(({ shape }) => product(shape)));

/** Positions of an image or a sequence, that is the shape without batch and channels, in either data format. */
function positions(shape: Shape, { dataFormat }: Readonly<Record<string, unknown>>): number | null {
  return product(dataFormat === 'channelsFirst' || dataFormat === 'channels_first' ? shape.slice(2) : shape.slice(1, -1));
}

/**
 * Multiplications with addition that one sample costs in one call of a layer, biases and activations not counted.
 *
 * - Dense: inputs x units, at each position. Convolution: kernel entries at each position of the output; of a transposed
 *   one, at each of the input (Dumoulin and Visin, A guide to convolution arithmetic, 2016). Depthwise: its entries, a
 *   channel each, at each position of the output (Howard et al., MobileNets, 2017, equations 2 to 5).
 * - Recurrent: kernel and recurrent kernel once a step of the sequence.
 *
 * @returns null where it is not known: another layer with weights of its own, or a dimension that is free.
 */
export function multiplyAddsOfCall(layer: CountedLayer, input: Shape, output: Shape): number | null {
  const kind = layer.getClassName();
  const config = layer.getConfig();
  if (layer.layers !== undefined) return plus(layer.layers.map((each) => multiplyAdds(each, layer)));
  if (uncounted.test(kind)) return 0;
  switch (kind) {
    case 'Dense':
      return times(product(output.slice(1, -1)), sizeOf(layer, 'kernel'));
    case 'Conv1D':
    case 'Conv2D':
    case 'Conv3D':
      return times(positions(output, config), sizeOf(layer, 'kernel'));
    case 'Conv2DTranspose':
    case 'Conv3DTranspose':
      return times(positions(input, config), sizeOf(layer, 'kernel'));
    case 'DepthwiseConv2D':
      return times(positions(output, config), sizeOf(layer, 'depthwise_kernel'));
    case 'SeparableConv2D':
      return times(positions(output, config), sizeOf(layer, 'depthwise_kernel', 'pointwise_kernel'));
    case 'SimpleRNN':
    case 'GRU':
    case 'LSTM':
      return times(input[1], sizeOf(layer, 'kernel', 'recurrent_kernel'));
    case 'ConvLSTM2D': {
      // [batch, time, ...image], and the image without the time where the last one alone is given.
      const image = config['returnSequences'] === true ? [output[0] ?? null, ...output.slice(2)] : output;
      return times(input[1], positions(image, config), sizeOf(layer, 'kernel', 'recurrent_kernel'));
    }
    case 'Bidirectional':
      return /^(SimpleRNN|GRU|LSTM)$/.test(layer.layer?.getClassName() ?? wrappedClass(config)) ? times(input[1], sizeOf(layer, 'kernel', 'recurrent_kernel')) : null;
    case 'TimeDistributed':
      return layer.layer === undefined ? null : times(input[1], multiplyAddsOfCall(layer.layer, [input[0] ?? null, ...input.slice(2)], [output[0] ?? null, ...output.slice(2)]));
    default:
      return null;
  }
}

const wrappedClass = ({ layer }: Readonly<Record<string, unknown>>): string => {
  const name = (layer as { readonly className?: unknown } | undefined)?.className;
  return typeof name === 'string' ? name : '';
};

/** The calls of a layer that belong to this model: a layer may be called more than once, and in other models too. */
export function callsIn(layer: CountedLayer, model: unknown): CountedLayer['inboundNodes'] {
  const inner = (model as { readonly model?: unknown }).model;
  // A Sequential holds a model that holds the nodes, once it is built; before, it has no nodes, and each layer is called once.
  const { containerNodes } = (typeof inner === 'object' && inner !== null ? inner : model) as { readonly containerNodes?: ReadonlySet<string> };
  return containerNodes === undefined || containerNodes.size === 0 ? layer.inboundNodes : layer.inboundNodes.filter((_, i) => containerNodes.has(`${layer.name}_ib-${String(i)}`));
}

/** Of all calls of a layer in one forward pass of the model. */
export const multiplyAdds = (layer: CountedLayer, model: unknown): number | null =>
  plus(callsIn(layer, model).map(({ inputShapes, outputShapes }) => multiplyAddsOfCall(layer, firstShape(inputShapes), firstShape(outputShapes))));
