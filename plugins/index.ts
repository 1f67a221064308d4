/** The built-in plugins, by name and as a registry. */
import type { AnyPluginFactory } from '../src/plugin/index.js';
import { augmentation } from './augmentation.js';
import { checkpoint } from './checkpoint.js';
import { confusionMatrix } from './confusion-matrix.js';
import { dashboard } from './dashboard.js';
import { csvLogger } from './csv-logger.js';
import { diagnosis } from './diagnosis.js';
import { earlyStopping } from './early-stopping.js';
import { gpuProfiler } from './gpu-profiler.js';
import { gradientNorm } from './gradient-norm.js';
import { gradualUnfreezing } from './gradual-unfreezing.js';
import { labelSmoothing } from './label-smoothing.js';
import { histograms } from './histograms.js';
import { leakWatch } from './leak-watch.js';
import { lrScheduler } from './lr-scheduler.js';
import { modelCheckpoint } from './model-checkpoint.js';
import { modelSummary } from './model-summary.js';
import { mixup } from './mixup.js';
import { nonFinite } from './non-finite.js';
import { predictionDynamics } from './prediction-dynamics.js';
import { preflight } from './preflight.js';
import { seed } from './seed.js';
import { terminateOnNaN } from './terminate-on-nan.js';
import { tfCallbacks } from './tf-callbacks.js';
import { throughput } from './throughput.js';
import { timer } from './timer.js';
import { weightAverage } from './weight-average.js';
import { weightNorm } from './weight-norm.js';

export type { CustomTransform } from './augmentation.js';
export type { TfCallback } from './tf-callbacks.js';
export { augmentation, checkpoint, confusionMatrix, csvLogger, dashboard, diagnosis, earlyStopping, gpuProfiler, gradientNorm, gradualUnfreezing, histograms, labelSmoothing, leakWatch, lrScheduler, modelCheckpoint, modelSummary, mixup, nonFinite, predictionDynamics, preflight, seed, terminateOnNaN, tfCallbacks, throughput, timer, weightAverage, weightNorm };

/** Name in a config file -> what makes the plugin. */
export const builtInPlugins = { seed, gradientNorm, weightNorm, predictionDynamics, confusionMatrix, earlyStopping, lrScheduler, gradualUnfreezing, weightAverage, gpuProfiler, throughput, timer, preflight, diagnosis, nonFinite, terminateOnNaN, checkpoint, dashboard, modelCheckpoint, leakWatch, augmentation, mixup, labelSmoothing, tfCallbacks, modelSummary, csvLogger, histograms } as const satisfies Readonly<Record<string, AnyPluginFactory>>;
