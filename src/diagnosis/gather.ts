import { isKernel, type ActivationStatistics, type Norms, type PredictionStatistics, type WeightInfo } from '../measure/index.js';
import type { PhaseTimes } from '../plugin/index.js';
import type { ModelFacts } from './model-facts.js';
import type { Statistics } from './rules/index.js';

export interface Measured {
  readonly activations: ReadonlyMap<string, ActivationStatistics>;
  readonly gradients: Norms;
  readonly weights: Norms;
  readonly updates: Norms;
  readonly predictions: readonly PredictionStatistics[];
}

/** Joins what was measured of a step to the data of one event `training-statistics`. */
export function gather(
  { activations, gradients, weights, updates, predictions }: Measured,
  now: { readonly facts: ModelFacts; readonly infos: readonly WeightInfo[]; readonly loss: number; readonly learningRate: number; readonly tensors: number; readonly times: PhaseTimes },
): Statistics {
  const total = Object.values<number>({ ...now.times }).reduce((sum, each) => sum + each, 0);
  return {
    loss: now.loss,
    learningRate: now.learningRate,
    gradientNorm: gradients.global,
    layers: Object.fromEntries([...activations].map(([name, each]) => [name, { ...each, rows: Math.round(each.rows), ...(now.facts.layers.get(name) ?? { className: null, activation: null, isOutput: false }) }])),
    weights: Object.fromEntries(
      now.infos.map((info) => [
        info.name,
        {
          layer: info.layer ?? null,
          isKernel: isKernel(info),
          trainable: info.trainable,
          norm: weights.byWeight.get(info.name) ?? NaN,
          updateNorm: updates.byWeight.get(info.name) ?? NaN,
          gradientNorm: gradients.byWeight.get(info.name) ?? null,
        },
      ]),
    ),
    outputs: [...predictions],
    tensors: now.tensors,
    times: { data: now.times.data, total, loop: total - now.times.validation - now.times.pace },
  };
}
