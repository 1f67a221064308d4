import { initializers, layers, model, regularizers, sequential, input, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { serialization } from '@tensorflow/tfjs-core';

export { initializers, input, layers, model, regularizers, sequential, serialization, type LayersModel, type SymbolicTensor };
export type Layer = InstanceType<typeof layers.Layer>;
