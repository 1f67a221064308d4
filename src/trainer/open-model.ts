import { describe } from '../data/recognize.js';
import { ConfigError, TrainscopeError } from '../errors.js';
import { HandwrittenFace } from './handwritten-face.js';
import { buildSequential, isLayersModel, LayersFace } from './layers-face.js';
import type { HandwrittenModel, ModelFace, ModelWeight } from './model.js';
import { thrownText } from '../thrown-text.js';

/**
 * Puts either kind of model behind one face.
 * @throws ConfigError MODEL_INVALID for anything else, and for a model that was disposed of or has no trainable weights.
 */
export function openModel(source: unknown): ModelFace {
  const face = faceOf(source);
  const weights = weightsOf(face);
  if (weights.some(({ info }) => info.trainable)) return face;
  throw new ConfigError('MODEL_INVALID', {
    found: `the model has ${weights.length === 0 ? 'no weights' : `${String(weights.length)} weights, none of them trainable`}`,
    expected: 'there has to be one at least to train',
    remedy:
      face.kind === 'handwritten'
        ? 'Put its variables into trainableWeights.'
        : weights.length === 0
          ? 'Add a layer with weights, such as layers.dense.'
          : 'Set trainable = true on the model and on the layers to train.',
  });
}

function weightsOf(face: ModelFace): readonly ModelWeight[] {
  try {
    return face.weights();
  } catch (cause) {
    if (cause instanceof TrainscopeError) throw cause;
    throw new ConfigError('MODEL_INVALID', {
      found: `the weights of the model cannot be read: ${thrownText(cause)}`,
      remedy: 'A model that was disposed of cannot be trained: make a new one.',
      cause,
    });
  }
}

function faceOf(source: unknown): ModelFace {
  if (typeof source === 'object' && source !== null) {
    if (isLayersModel(source)) {
      buildSequential(source);
      return new LayersFace(source);
    }
    const candidate = source as Partial<HandwrittenModel>;
    if (typeof candidate.forward === 'function' && 'trainableWeights' in source) return new HandwrittenFace(source as HandwrittenModel);
  }
  throw new ConfigError('MODEL_INVALID', {
    found: `the model is ${describe(source)}`,
    expected: 'it is a LayersModel of @tensorflow/tfjs-layers, an object with forward(x, { training }) and trainableWeights, or a function that makes one',
    ...(source === undefined ? { remedy: 'Pass { model }, and if that is a function, let it return the model.' } : {}),
  });
}

export const isHandwritten = (face: ModelFace): face is HandwrittenFace => face.kind === 'handwritten';
