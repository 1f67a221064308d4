import { clippedGradientNorms, definePlugin, gradientStatistics, type GradientStatistics, type Measurement, type Needs, type Norms } from 'trainscope/plugin';
import { events, options, state } from './gradient-norm/contract.js';
import { judgeExploding } from './gradient-norm/exploding.js';
import { remember } from './gradient-norm/history.js';
import { judgeNonFinite } from './gradient-norm/non-finite.js';
import { readGradients, type Reading } from './gradient-norm/reading.js';
import { judgeSpike, scoreOf } from './gradient-norm/spike.js';
import { judgeVanishing } from './gradient-norm/vanishing.js';

type Raw = { readonly statistics: Measurement<ReadonlyMap<string, GradientStatistics>, 'gradients'> };
type RawAndClipped = Raw & { readonly clipped: Measurement<Norms, 'clippedGradients'> };

/**
 * Shows how large the gradients are, weight by weight and as a whole: L2 norm, largest entry, shares of zeros and of
 * non-finite entries. `norm` is that of the raw gradients, before any hook and clipping; `clippedNorm` (asked for with
 * `clipped`) that of what the optimizer got.
 *
 * Findings, each told once until its cause has cleared:
 * - `gradient-spike`: a norm far above the run's recent ones (robust z-score of its logarithm, and a factor).
 * - `vanishing-gradients`, `exploding-gradients`: the first kernel's gradient against the last one's, and the norm
 *   against that of the start of the run, over several measurements in a row. Kernels are taken in the model's order,
 *   which is that of depth in a chain of layers; in a model with branches it is a rough guide.
 * - `non-finite-gradients`: NaN or infinite entries, with the first weight that has them.
 *
 * All thresholds are ratios, so that the scale of the loss is of no matter. A second fit() goes on with what the first
 * one has seen.
 *
 * @example
 * new Trainer({ model, loss, plugins: [gradientNorm({ every: 20, clipped: true })], clip: { globalNorm: 1 } });
 */
export const gradientNorm = definePlugin({
  name: 'gradientNorm',
  summary: 'Measures the norms of the gradients, and tells spikes, vanishing, exploding and non-finite ones.',
  role: 'observe',
  options,
  events,
  state,
  needs: ({ every, clipped }): Needs<Raw | RawAndClipped> => {
    const raw = { statistics: gradientStatistics() };
    return { every, of: clipped ? { ...raw, clipped: clippedGradientNorms() } : raw };
  },
  hooks: (given) => ({
    measured(values, context) {
      const now = readGradients(values.statistics, context.weights, { step: context.step, loss: context.metrics['loss'] ?? NaN });
      const clipped = 'clipped' in values ? values.clipped : undefined;
      const before = context.state;
      const { norm, maxAbs, zeros, nonFinite, depth } = now;
      const score = scoreOf(before, norm);
      context.emit(
        'gradient-norm',
        {
          norm,
          ...(clipped === undefined ? {} : { clippedNorm: clipped.global }),
          maxAbs,
          zeros,
          nonFinite,
          score,
          firstToLast: depth?.ratio ?? null,
          ...(given.perWeight ? { weights: listWeights(now, clipped, given.biases) } : {}),
        },
        { level: 'debug' },
      );

      const oneChain = context.outputNames.length === 1;
      const { spikes, calm, ...spike } = judgeSpike(before, now, score, given);
      const { finite, ...nonFiniteOnes } = judgeNonFinite(before, now, given);
      const known = remember({ ...before, spikes, calm, finite }, now, given);
      const vanishing = judgeVanishing(known, now, given, oneChain);
      const exploding = judgeExploding(known, now, given, oneChain);
      context.state = { ...known, told: { spike: spike.told, vanishing: vanishing.told, exploding: exploding.told, nonFinite: nonFiniteOnes.told } };
      for (const { finding } of [nonFiniteOnes, spike, vanishing, exploding]) if (finding !== null) context.finding(finding);
    },
  }),
});

function listWeights({ weights }: Reading, clipped: Norms | undefined, biases: boolean): Record<string, GradientStatistics & { clippedNorm?: number }> {
  return Object.fromEntries(
    weights
      .filter(({ info }) => biases || info.role !== 'bias')
      .map(({ info: { name }, norm, maxAbs, zeros, nonFinite }) => {
        const clippedNorm = clipped?.byWeight.get(name);
        return [name, { norm, ...(clippedNorm === undefined ? {} : { clippedNorm }), maxAbs, zeros, nonFinite }];
      }),
  );
}
