import { scalarsOf, type TrainscopeEvent } from '../../events/index.js';
import { distributionChart, distributionKinds, quantilesIn } from './distributions.js';
import { activationCharts, firstRankOf, gradientCharts, hardwareCharts, heatMaps, learningRateChart, metricChart, predictionCharts, timeCharts, unlessMeasured, weightCharts } from './known-charts.js';
import type { ChartParts, Drawing, Place, Plots } from './plots.js';
import { listIn, numberIn, recordIn, textIn } from './wire-event.js';

/** What draws an event's numbers. */
type Draw = (plots: Drawing, data: Readonly<Record<string, unknown>>, at: Place) => void;

const mebi = 1024 ** 2;
const over = (value: unknown, by: number): number | undefined => {
  const number = numberIn(value);
  return number === undefined ? undefined : number / by;
};

const eachStep = 'training (batch)';
const eachEpoch = 'training (epoch mean)';
const validation = 'validation';

function drawMetrics(plots: Drawing, metrics: unknown, at: Place, name: string, of: 'training' | 'validation'): void {
  for (const [metric, value] of Object.entries(recordIn(metrics))) {
    const chart = metricChart(metric);
    // The end of an epoch says again what the event of its validation has said.
    if (of === 'validation' && plots.lastStep(chart.id, name) === at.step) continue;
    plots.add(chart, name, at, numberIn(value), of);
  }
}

/** A step is drawn a million times in a long log: no list is made for it. */
const drawStep: Draw = (plots, data, at) => {
  plots.add(metricChartOfLoss, eachStep, at, numberIn(data['loss']), 'training');
  const metrics = data['metrics'] as Readonly<Record<string, unknown>> | undefined;
  for (const metric in metrics) if (Object.hasOwn(metrics, metric)) plots.add(chartOf(metric), eachStep, at, numberIn(metrics[metric]), 'training');
  plots.add(learningRateChart, 'learning rate', at, numberIn(data['learningRate']));
};

const metricChartOfLoss = metricChart('loss');
const chartsOfMetrics = new Map<string, ChartParts>();
function chartOf(metric: string): ChartParts {
  let chart = chartsOfMetrics.get(metric);
  if (chart === undefined) {
    chart = metricChart(metric);
    chartsOfMetrics.set(metric, chart);
  }
  return chart;
}

const drawEpochEnd: Draw = (plots, data, at) => {
  drawMetrics(plots, data['metrics'], at, eachEpoch, 'training');
  drawMetrics(plots, data['validation'], at, validation, 'validation');
  plots.add(timeCharts.epoch, 'epoch', at, over(data['ms'], 1000));
  const last = plots.lastStep(learningRateChart.id, 'learning rate');
  if (last === undefined || last < at.step) plots.add(learningRateChart, 'learning rate', at, numberIn(data['learningRate']));
};

/** Where every step or epoch tells its own rate, that is what was applied. */
const drawLearningRate: Draw = (plots, data, at) => {
  plots.add(unlessMeasured(learningRateChart), 'learning rate', at, numberIn(data['learningRate']));
};

const drawGradientNorm: Draw = (plots, data, at) => {
  const { norm, byWeight, zeros, maxAbs, nonFinite, score, firstToLast } = gradientCharts;
  plots.add(norm, 'all gradients', at, numberIn(data['norm']));
  plots.add(norm, 'after clipping', at, numberIn(data['clippedNorm']));
  plots.add(zeros, 'all gradients', at, numberIn(data['zeros']));
  plots.add(maxAbs, 'all gradients', at, numberIn(data['maxAbs']));
  plots.add(nonFinite, 'all gradients', at, numberIn(data['nonFinite']));
  plots.add(score, 'score', at, numberIn(data['score']));
  plots.add(firstToLast, 'first over last', at, numberIn(data['firstToLast']));
  for (const [weight, given] of Object.entries(recordIn(data['weights']))) {
    const figures = recordIn(given);
    plots.add(byWeight, weight, at, numberIn(figures['norm']));
    plots.add(zeros, weight, at, numberIn(figures['zeros']));
    plots.heat(heatMaps.gradients, weight, at.step, numberIn(figures['norm']));
  }
};

const drawWeightNorm: Draw = (plots, data, at) => {
  const { norm, byWeight, growth, ratio, ratioByWeight, updateNorm, updateNormByWeight } = weightCharts;
  plots.add(norm, 'all weights', at, numberIn(data['norm']));
  plots.add(growth, 'all weights', at, numberIn(data['growth']));
  plots.add(ratio, 'all weights', at, numberIn(data['updateRatio']));
  plots.add(updateNorm, 'all weights', at, numberIn(data['updateNorm']));
  for (const [weight, given] of Object.entries(recordIn(data['weights']))) {
    const figures = recordIn(given);
    plots.add(byWeight, weight, at, numberIn(figures['norm']));
    plots.add(ratioByWeight, weight, at, numberIn(figures['updateRatio']));
    plots.add(updateNormByWeight, weight, at, numberIn(figures['updateNorm']));
    plots.heat(heatMaps.weights, weight, at.step, numberIn(figures['norm']));
    plots.heat(heatMaps.ratios, weight, at.step, numberIn(figures['updateRatio']));
  }
};

const drawStatistics: Draw = (plots, data, at) => {
  plots.add(unlessMeasured(gradientCharts.norm), 'all gradients', at, numberIn(data['gradientNorm']));
  for (const [layer, given] of Object.entries(recordIn(data['layers']))) {
    const figures = recordIn(given);
    plots.add(activationCharts.rms, layer, at, numberIn(figures['rms']));
    plots.heat(heatMaps.rms, layer, at.step, numberIn(figures['rms']));
    plots.add(activationCharts.dead, layer, at, numberIn(figures['deadUnits']));
    plots.heat(heatMaps.dead, layer, at.step, numberIn(figures['deadUnits']));
    plots.add(activationCharts.zeros, layer, at, numberIn(figures['zeros']));
    plots.add(activationCharts.maxAbs, layer, at, numberIn(figures['maxAbs']));
    const activation = textIn(figures['activation']);
    if (activation === 'tanh') plots.add(activationCharts.saturated, layer, at, numberIn(figures['beyondTanh']));
    if (activation === 'sigmoid') plots.add(activationCharts.saturated, layer, at, numberIn(figures['beyondSigmoid']));
  }
  for (const [weight, given] of Object.entries(recordIn(data['weights']))) {
    const figures = recordIn(given);
    if (figures['isKernel'] !== true) continue;
    const [norm, update] = [numberIn(figures['norm']), numberIn(figures['updateNorm'])];
    const ratio = norm === undefined || update === undefined || norm === 0 ? undefined : update / norm;
    plots.add(unlessMeasured(gradientCharts.byWeight), weight, at, numberIn(figures['gradientNorm']));
    plots.heat(unlessMeasured(heatMaps.gradients), weight, at.step, numberIn(figures['gradientNorm']));
    plots.add(unlessMeasured(weightCharts.byWeight), weight, at, norm);
    plots.heat(unlessMeasured(heatMaps.weights), weight, at.step, norm);
    plots.add(unlessMeasured(weightCharts.ratioByWeight), weight, at, ratio);
    plots.heat(unlessMeasured(heatMaps.ratios), weight, at.step, ratio);
  }
  listIn(data['outputs']).forEach((given, i, { length }) => {
    const output = recordIn(given);
    const of = length === 1 ? '' : ` of output ${String(i)}`;
    plots.add(predictionCharts.spread, `in a batch${of}`, at, numberIn(output['spread']));
    plots.add(predictionCharts.correlation, `r${of}`, at, numberIn(output['correlation']));
    const classes = recordIn(output['classes']);
    plots.add(predictionCharts.topPredicted, `predicted most${of}`, at, numberIn(classes['topPredicted']));
    plots.add(predictionCharts.topPredicted, `most frequent label${of}`, at, numberIn(classes['topLabel']));
  });
  plots.add(hardwareCharts.tensors, 'tensors', at, numberIn(data['tensors']));
};

const drawPredictions: Draw = (plots, data, at) => {
  const output = textIn(data['output']) ?? 'output';
  const change = recordIn(data['change']);
  plots.add(predictionCharts.change, output, at, numberIn(change['meanAbsolute']));
  plots.add(predictionCharts.flipped, output, at, numberIn(change['flipped']));
  plots.add(predictionCharts.kl, output, at, numberIn(change['kl']));
  plots.add(predictionCharts.spread, `fixed samples of ${output}`, at, numberIn(data['spread']));
};

/** Means and extremes come as one object each. */
const drawProfile: Draw = (plots, data, at) => {
  // The last one is of the whole run, and no further point of the course.
  if (data['final'] === true) return;
  plots.add(timeCharts.steps, 'steps', at, numberIn(data['stepsPerSecond']));
  plots.add(timeCharts.samples, 'samples', at, numberIn(data['samplesPerSecond']));
  for (const [phase, share] of Object.entries(recordIn(data['shares']))) plots.add(timeCharts.shares, phase, at, numberIn(share));
  const cpu = recordIn(data['cpu']);
  plots.add(hardwareCharts.cpu, 'kept busy', at, numberIn(cpu['cores']));
  plots.add(hardwareCharts.cpu, 'available', at, numberIn(cpu['available']));
  const memory = recordIn(data['memory']);
  plots.add(hardwareCharts.memory, 'in RAM', at, over(memory['rss'], mebi));
  plots.add(hardwareCharts.memory, 'JavaScript objects', at, over(memory['heapUsed'], mebi));
  plots.add(hardwareCharts.memory, 'tensors', at, over(memory['tensorBytes'], mebi));
  for (const given of listIn(data['gpus'])) {
    const gpu = recordIn(given);
    const name = `${String(numberIn(gpu['index']) ?? 0)}: ${textIn(gpu['name']) ?? 'GPU'}`;
    plots.add(hardwareCharts.gpu, name, at, numberIn(recordIn(gpu['utilization'])['mean']));
    plots.add(hardwareCharts.gpuMemory, name, at, numberIn(recordIn(gpu['memoryUsed'])['max']));
    plots.add(hardwareCharts.gpuPower, name, at, numberIn(recordIn(gpu['power'])['mean']));
    plots.add(hardwareCharts.gpuTemperature, name, at, numberIn(recordIn(gpu['temperature'])['max']));
  }
};

const drawThroughput: Draw = (plots, data, at) => {
  plots.add(timeCharts.steps, 'steps, over the window', at, numberIn(data['stepsPerSecond']));
  plots.add(timeCharts.samples, 'samples, over the window', at, numberIn(data['samplesPerSecond']));
  const { p50, p95 } = recordIn(data['stepMs']);
  plots.add(timeCharts.step, 'median', at, numberIn(p50));
  plots.add(timeCharts.step, '95th percentile', at, numberIn(p95));
  plots.add(timeCharts.flops, 'operations', at, numberIn(data['flops']));
  for (const [phase, share] of Object.entries(recordIn(data['shares']))) plots.add(unlessMeasured(timeCharts.shares), phase, at, numberIn(share));
};

const drawConfusion: Draw = (plots, data, at) => {
  const output = textIn(data['output']) ?? 'output';
  const { classScores, classF1, classRecall, classPrecision } = predictionCharts;
  plots.add(classScores, `mean recall (${output})`, at, numberIn(data['balancedAccuracy']));
  plots.add(classScores, `macro F1 (${output})`, at, numberIn(recordIn(data['macro'])['f1']));
  plots.add(classScores, `kappa (${output})`, at, numberIn(data['kappa']));
  plots.add(classScores, `Matthews (${output})`, at, numberIn(data['mcc']));
  for (const [name, given] of Object.entries(recordIn(data['classes']))) {
    const { f1, recall, precision } = recordIn(given);
    plots.add(classF1, name, at, numberIn(f1));
    plots.add(classRecall, name, at, numberIn(recall));
    plots.add(classPrecision, name, at, numberIn(precision));
  }
};

const drawHistograms: Draw = (plots, data, at) => {
  for (const [name, kinds] of [...Object.entries(recordIn(data['weights'])), ...Object.entries(recordIn(data['layers']))]) {
    for (const kind of distributionKinds) {
      const histogram = recordIn(kinds)[kind];
      if (histogram === undefined) continue;
      for (const { name: place, value } of quantilesIn(histogram)) plots.add(distributionChart(kind, name), place, at, value);
    }
  }
};

const draws: Readonly<Record<string, Draw>> = {
  step: drawStep,
  validation: (plots, data, at) => {
    drawMetrics(plots, data['metrics'], at, validation, 'validation');
  },
  'epoch-end': drawEpochEnd,
  'learning-rate': drawLearningRate,
  'gradient-norm': drawGradientNorm,
  'weight-norm': drawWeightNorm,
  'training-statistics': drawStatistics,
  'prediction-dynamics': drawPredictions,
  'gpu-profile': drawProfile,
  throughput: drawThroughput,
  'confusion-matrix': drawConfusion,
  histogram: drawHistograms,
};

/** Events whose numbers are no curve: places in the run, settings, totals, and what has a part of the report of its own. */
const notDrawn: ReadonlySet<string> = new Set([
  'run-start', 'resume', 'epoch-start', 'run-end', 'finding', 'error', 'plugin-error', 'plugin-slow', 'listener-error', 'sink-error', 'sink-loss', 'gpu', 'seed', 'seed-verification', 'preflight', 'preflight-check', 'diagnosis', 'error-decomposition', 'checkpoint', 'checkpoint-failed',
  'model-summary', 'timer', 'repair', 'dashboard', 'dashboard-control', 'model-checkpoint',
]);

/** Draws the numbers of an event, those of plugins that are not known here among them: under the name of the event and the field. */
export function drawEvent(plots: Drawing, event: TrainscopeEvent, at: Place): void {
  const draw = Object.hasOwn(draws, event.event) ? draws[event.event] : undefined;
  if (draw !== undefined) draw(plots, event.data, at);
  else if (!notDrawn.has(event.event)) drawUnknown(plots, event, at);
}

function drawUnknown(plots: Drawing, event: TrainscopeEvent, at: Place): void {
  for (const { field, of, value } of scalarsOf(event)) {
    const by = event.plugin === null ? '' : ` of the plugin ${event.plugin}`;
    const chart: ChartParts = { id: `event:${event.event}:${field}`, group: 'other', title: `${event.event}: ${field}`, about: `The field ${field} of the event ${event.event}${by}.`, unit: '', scale: 'linear', detail: true };
    plots.add(chart, of ?? field, at, value);
  }
}

/** A chart of second rank is left out where the one of first rank is there. */
export function isRepeated(plots: Plots, id: string): boolean {
  const first = firstRankOf(id);
  return first !== undefined && plots.hasChart(first);
}
