import { definePlugin, updateNorms, weightNorms } from 'trainscope/plugin';
import { renamed } from './shared/renamed.js';
import { events, options, state } from './weight-norm/contract.js';
import { judgeFrozen } from './weight-norm/frozen.js';
import { judgeGrowing } from './weight-norm/growing.js';
import { followed, growthOf, remember } from './weight-norm/history.js';
import { readWeights, type WeightReading } from './weight-norm/reading.js';
import { judgeUnchanged } from './weight-norm/unchanged.js';
import { judgeUpdateRatio, usualRatios } from './weight-norm/update-ratio.js';

/**
 * Shows how large the weights are, how fast they grow, and how large a step's update is beside them: the ratio that is
 * usually about 1e-3 (Karpathy, CS231n notes).
 *
 * Findings, each told once until its cause has cleared:
 * - `weight-norm-growing`: a kernel's norm that rises window after window, beyond a factor, and not only early on.
 * - `frozen-weight-moves`: a weight with trainable = false that an update changed; moving statistics are meant to.
 * - `trainable-weight-unchanged`: a kernel that stands exactly still while others move.
 * - `update-ratio`: updates far too small or too large beside their weight; an info, never more.
 *
 * A second fit() goes on with what the first one has seen.
 *
 * @example
 * new Trainer({ model, loss, plugins: [weightNorm({ every: 50, movesByDesign: ['ema_1/kernel'] })] });
 */
export const weightNorm = definePlugin({
  name: 'weightNorm',
  summary: 'Measures the norms of weights and updates, and tells norms that keep growing, frozen weights that move and trainable ones that do not.',
  role: 'observe',
  options,
  events,
  state,
  needs: ({ every }) => ({ every, of: { norms: weightNorms(), updates: updateNorms() } }),
  hooks: (given) => ({
    fitStart({ weights }, context) {
      const names = weights.map(({ name }) => name);
      context.state = { ...renamed(context.state, context.state.names, names), names };
    },
    measured({ norms, updates }, context) {
      const { step, learningRate, metrics, state: before } = context;
      const now = readWeights(norms, updates, context.weights, { step, learningRate, loss: metrics['loss'] ?? NaN });
      const known = remember(before, now, given);
      const figures = ({ norm, updateNorm, updateRatio }: Omit<WeightReading, 'info'>, history: readonly number[]) => ({
        norm,
        updateNorm,
        updateRatio,
        growth: growthOf(history, known, given),
      });
      context.emit(
        'weight-norm',
        {
          ...figures(now.global, known.global),
          ...(given.perWeight ? { weights: Object.fromEntries(followed(now, given).map((each) => [each.info.name, figures(each, known.norms[each.info.name] ?? [])])) } : {}),
        },
        { level: 'debug' },
      );

      const growing = judgeGrowing(known, now, given);
      const frozen = judgeFrozen(known.told.frozen, now, given);
      const unchanged = judgeUnchanged(known, now, given);
      const usual = usualRatios(known, now, given);
      const low = judgeUpdateRatio('low', known, usual, given);
      const high = judgeUpdateRatio('high', known, usual, given);
      context.state = {
        ...known,
        unchanged: unchanged.counts,
        told: { growing: growing.told, frozen: frozen.told, unchanged: unchanged.told, low: low.told, high: high.told },
      };
      for (const finding of [growing.finding, ...frozen.findings, ...unchanged.findings, ...low.findings, ...high.findings]) if (finding !== null) context.finding(finding);
    },
  }),
});
