import type { HeatMapParts } from './bounded-heat.js';
import type { ChartParts } from './plots.js';

const chart = (id: string, group: ChartParts['group'], title: string, about: string, more: Partial<ChartParts> = {}): ChartParts => ({ id, group, title, about, unit: '', scale: 'linear', detail: false, ...more });
const log = { scale: 'log' } as const;
const detail = { detail: true } as const;

/** Losses and metrics: each step, each epoch's mean, and validation. A loss falls over orders of magnitude. */
export const metricChart = (name: string): ChartParts =>
  chart(`metric:${name}`, 'metrics', name === 'loss' ? 'Loss' : name, name === 'loss' ? 'Of single batches as they were trained, the mean over each epoch, and over the validation data.' : 'Of single batches, the mean over each epoch, and over the validation data.', name === 'loss' ? log : {});

export const learningRateChart = chart('learning-rate', 'learning-rate', 'Learning rate', 'As applied in each step.');

export const gradientCharts = {
  norm: chart('gradient-norm', 'gradients', 'Gradient norm', 'L2 norm of all gradients as one vector: raw, and as handed to the optimizer where gradients are clipped.', log),
  byWeight: chart('gradient-norm-by-weight', 'gradients', 'Gradient norm by weight', 'L2 norm of the raw gradient of each weight.', log),
  zeros: chart('gradient-zeros', 'gradients', 'Zeros among the gradients', 'Share of entries that are exactly 0.', detail),
  maxAbs: chart('gradient-max', 'gradients', 'Largest gradient', 'Largest absolute value of an entry.', { ...log, ...detail }),
  nonFinite: chart('gradient-non-finite', 'gradients', 'Gradients that are not finite', 'Share of entries that are NaN or infinite.', detail),
  score: chart('gradient-score', 'gradients', 'Spikes of the gradient norm', 'Modified z-score of log(norm) among the norms before it.', detail),
  firstToLast: chart('gradient-first-to-last', 'gradients', 'Gradient of the first kernel over that of the last', 'Small: gradients vanish on their way back. Large: they explode.', { ...log, ...detail }),
} as const;

export const weightCharts = {
  norm: chart('weight-norm', 'weights', 'Weight norm', 'L2 norm of all trainable weights as one vector.'),
  byWeight: chart('weight-norm-by-weight', 'weights', 'Weight norm by weight', 'L2 norm of each weight after the update.', log),
  growth: chart('weight-growth', 'weights', 'Growth of the weights', 'Relative growth a step.', detail),
  ratio: chart('update-ratio', 'updates', 'Update ratio', 'L2 norm of the update over that of the weight. About 1e-3 is usual (Karpathy, CS231n notes).', log),
  ratioByWeight: chart('update-ratio-by-weight', 'updates', 'Update ratio by weight', 'L2 norm of the update over that of the weight, for each weight.', log),
  updateNorm: chart('update-norm', 'updates', 'Update norm', 'L2 norm of what a step changed.', { ...log, ...detail }),
  updateNormByWeight: chart('update-norm-by-weight', 'updates', 'Update norm by weight', 'L2 norm of what a step changed in each weight.', { ...log, ...detail }),
} as const;

export const activationCharts = {
  rms: chart('activation-rms', 'activations', 'Activations', 'Root of the mean square of each layer’s outputs in a batch.', log),
  dead: chart('dead-units', 'activations', 'Dead units', 'Share of units that are 0 for the whole batch.'),
  zeros: chart('activation-zeros', 'activations', 'Zeros among the activations', 'Share of outputs that are exactly 0.', detail),
  saturated: chart('saturated', 'activations', 'Saturated activations', 'Share of outputs at the flat ends of tanh (beyond ±0.995) or sigmoid (outside 0.0025 to 0.9975).'),
  maxAbs: chart('activation-max', 'activations', 'Largest activation', 'Largest absolute output of each layer.', { ...log, ...detail }),
} as const;

export const predictionCharts = {
  change: chart('prediction-change', 'predictions', 'How far predictions move', 'Mean absolute change of the outputs for the same samples since the look before.', log),
  flipped: chart('prediction-flips', 'predictions', 'Labels that flipped', 'Share of the samples whose predicted class is another than at the look before.'),
  kl: chart('prediction-kl', 'predictions', 'Divergence of predictions', 'Mean KL divergence from the look before, nats.', { ...log, ...detail, unit: 'nats' }),
  spread: chart('prediction-spread', 'predictions', 'Spread of the predictions', 'How much the predictions of different samples differ.', detail),
  correlation: chart('prediction-correlation', 'predictions', 'Correlation of predictions and labels', 'Pearson’s r over a batch.', detail),
  classScores: chart('class-scores', 'predictions', 'Agreement beyond chance', 'Over the validation data: mean recall, macro F1, Cohen’s kappa, Matthews’ correlation.'),
  classF1: chart('class-f1', 'predictions', 'F1 by class', 'Over the validation data. A class at 0 is not found.'),
  classRecall: chart('class-recall', 'predictions', 'Recall by class', 'Over the validation data: share of the labels of a class that were found.', detail),
  classPrecision: chart('class-precision', 'predictions', 'Precision by class', 'Over the validation data: share of the predictions of a class that are right.', detail),
  topPredicted: chart('top-predicted', 'predictions', 'Share of the class predicted most', 'Beside the share of the most frequent label: far above it, the model gives one answer to everything.', detail),
} as const;

export const timeCharts = {
  epoch: chart('epoch-time', 'time', 'Time of an epoch', 'Validation included.', { unit: 's' }),
  steps: chart('steps-per-second', 'time', 'Steps a second', 'Of the time without validation.', { unit: '1/s' }),
  samples: chart('samples-per-second', 'time', 'Samples a second', 'Of the time without validation.', { unit: '1/s' }),
  step: chart('step-time', 'time', 'Time of a step', 'Half of the steps take less than the median, one in twenty more than the 95th percentile.', { unit: 'ms' }),
  flops: chart('flops', 'time', 'Operations a second', 'Floating-point operations of the model, by its multiply-adds.', { unit: '1/s', ...detail }),
  shares: chart('time-shares', 'time', 'Where the time goes', 'Share of the time of the loop, by phase.'),
} as const;

export const hardwareCharts = {
  gpu: chart('gpu-utilization', 'hardware', 'GPU utilisation', 'Mean share of the time in which a kernel ran, %.', { unit: '%' }),
  gpuMemory: chart('gpu-memory', 'hardware', 'GPU memory', 'Largest use, by all processes.', { unit: 'MiB' }),
  gpuPower: chart('gpu-power', 'hardware', 'GPU power', 'Mean.', { unit: 'W', ...detail }),
  gpuTemperature: chart('gpu-temperature', 'hardware', 'GPU temperature', 'Highest.', { unit: '°C', ...detail }),
  cpu: chart('cpu-cores', 'hardware', 'CPU', 'Cores that the process keeps busy, beside those that it may use.', { unit: 'cores' }),
  memory: chart('memory', 'hardware', 'Memory of the process', '', { unit: 'MiB' }),
  tensors: chart('tensors', 'hardware', 'Tensors alive', 'In a step. A line that keeps rising is a leak.', detail),
} as const;

const heat = (of: ChartParts, title: string, about: string): HeatMapParts => ({ id: `heat:${of.id}`, group: of.group, title, about, unit: of.unit, scale: of.scale, join: 'largest' });

export const heatMaps = {
  gradients: heat(gradientCharts.byWeight, 'Gradient norm, weight by time', 'The largest L2 norm of each stretch of steps.'),
  weights: heat(weightCharts.byWeight, 'Weight norm, weight by time', 'The largest L2 norm of each stretch of steps.'),
  ratios: heat(weightCharts.ratioByWeight, 'Update ratio, weight by time', 'The largest of each stretch of steps.'),
  dead: heat(activationCharts.dead, 'Dead units, layer by time', 'The largest share of each stretch of steps.'),
  rms: heat(activationCharts.rms, 'Activations, layer by time', 'The largest root mean square of each stretch of steps.'),
} as const;

const prefix = 'unless-measured:';

/** The same chart of second rank: it is left out where the one of first rank is there. */
export const unlessMeasured = <Parts extends { readonly id: string }>(parts: Parts): Parts => ({ ...parts, id: `${prefix}${parts.id}` });

/** Both ranks of a series or chart, by id. */
export const eitherRank = (id: string): readonly string[] => [id, `${prefix}${id}`];

/** The chart in whose place one of second rank stands; undefined for those of first rank. */
export const firstRankOf = (id: string): string | undefined => {
  const bare = id.replace(/^heat:/, '');
  return bare.startsWith(prefix) ? bare.slice(prefix.length).replace(/^heat:/, '') : undefined;
};
