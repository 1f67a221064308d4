import type { CoreEvents, EventBus } from '../events/index.js';
import type { MeasurementPlan } from '../measure/plan.js';
import type { CompiledHooks, HookRunner } from '../plugin/runner.js';
import { asValidation, type Metrics } from '../plugin/index.js';
import type { BatchFeed } from './batch-feed.js';
import type { CheckpointKeeper } from './checkpoint-keeper.js';
import { LeakLedger } from './leak-ledger.js';
import type { LoopReports } from './loop-reports.js';
import type { Evaluation } from './evaluate.js';
import type { Pace } from './pace.js';
import type { LoopPlace, PlaceKind } from './place.js';
import type { Phase, PhaseClock } from './phase-clock.js';
import type { Progress } from './progress.js';
import type { RunState } from './run-state.js';
import { trainStep, type StepParts, type StepResult } from './step.js';
import type { ValidationWatch } from './validation-watch.js';

/** One complete epoch, as the history keeps it. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  readonly metrics: Metrics;
  readonly validation: Metrics | null;
  /** Applied in the last step of the epoch. */
  readonly learningRate: number;
  readonly steps: number;
  readonly samples: number;
  readonly milliseconds: number;
}

export interface FitLoop {
  /** The number of the last one. */
  readonly lastEpoch: number;
  /** Where a resumed fit goes on. */
  readonly from: LoopPlace | undefined;
  /** Whether no step of this fit was done in an earlier process. */
  readonly isFresh: boolean;
  readonly checkpoints: CheckpointKeeper;
  readonly feed: BatchFeed;
  readonly step: StepParts;
  readonly plan: MeasurementPlan;
  readonly state: RunState;
  readonly bus: EventBus;
  readonly runner: HookRunner;
  readonly clock: PhaseClock;
  readonly pace: Pace;
  readonly progress: Progress;
  readonly reports: LoopReports;
  readonly logEvery: number;
  readonly validationEvery: { readonly epochs: number } | { readonly steps: number };
  /** Undefined without validation data. */
  readonly validate: (() => { readonly watch: ValidationWatch | undefined; readonly done: Promise<Evaluation> }) | undefined;
}

/** The loop. The order of the text is the order of time. */
export async function* runEpochs(fit: FitLoop): AsyncGenerator<EpochRecord, void> {
  const { state, runner, clock, pace, plan, step, lastEpoch } = fit;
  let firstOfFit = fit.isFresh;
  let lastRate = fit.from?.lastRate ?? step.optimizer.learningRate;
  let at: PlaceKind = fit.from?.at ?? 'between-epochs';
  // A signal cut the validation of the last step short: it is made now.
  let validationDue = fit.from?.validationDue ?? false;
  if (validationDue) {
    validationDue = (await validate(fit, false)) === null;
    if (fit.checkpoints.isWanted && !validationDue) await fit.checkpoints.take({ at, lastRate, validationDue });
  }

  while (at !== 'between-epochs' || (state.epoch < lastEpoch && !state.isStopping())) {
    const began = performance.now();
    let epochIsDone = at === 'steps-done';
    if (at === 'between-epochs') await beginEpoch(fit);
    else fit.progress.epochStart(state.epoch, lastEpoch, fit.feed.stepsPerEpoch);
    at = epochIsDone ? 'steps-done' : 'in-epoch';
    while (!epochIsDone && !state.isStopping()) {
      clock.enter('data');
      const tensors = aliveBeside(fit);
      const taken = await fit.feed.take();
      if (taken === undefined) {
        epochIsDone = !fit.feed.interrupted;
        break;
      }
      state.step += 1;
      const due = plan.due({ step: state.step, lastOfEpoch: taken.last, firstOfFit }, runner.disabled);
      const isLogged = firstOfFit || state.step % fit.logEvery === 0;
      const stepInEpoch = state.stepInEpoch;
      const result = await trainStep(step, taken.batches, due, isLogged || taken.last);
      state.stepInEpoch += 1;
      state.samples += result.batchSize;
      lastRate = result.learningRate;
      firstOfFit = false;
      fit.reports.countTensors(aliveBeside(fit) - tensors);

      await observe(fit, 'stepEnd', Object.freeze({ batchSize: result.batchSize, stepInEpoch, learningRate: result.learningRate, updated: result.updated }));
      await measured(fit, result, isLogged);
      fit.reports.afterStep(result);
      fit.progress.step(state.stepInEpoch, step.sums.samples, state.metrics);
      if (isValidationStep(fit)) validationDue = (await validate(fit, false)) === null;
      epochIsDone = taken.last;
      at = epochIsDone ? 'steps-done' : 'in-epoch';
      // Of a validation that was cut short the checkpoint is yet to hear.
      if (fit.checkpoints.isWanted && !validationDue) await fit.checkpoints.take({ at, lastRate, validationDue });
      if (pace.isDue) {
        clock.enter('pace');
        await pace.turn();
      }
    }

    // Cut short, an epoch has no end: its numbers would be taken for a whole epoch's.
    if (!epochIsDone) break;
    clock.enter('measure');
    const metrics = step.metrics.finish(step.sums.sums, step.sums.samples);
    const validation = isValidationEpoch(fit, lastEpoch) ? await validate(fit, true) : null;
    // What is resumed after an abort has an epoch's end of its own, with all that an abort leaves out of this one.
    const isCut = state.stop?.reason === 'aborted';
    if (isCut) await fit.checkpoints.cutShort({ at: 'steps-done', lastRate, validationDue }, 'aborted');
    at = 'between-epochs';
    state.metrics = Object.freeze({ ...metrics, ...(validation === null ? validationPart(state.metrics) : asValidation(validation)) });
    const record: EpochRecord = Object.freeze({
      epoch: state.epoch,
      metrics,
      validation,
      learningRate: lastRate,
      steps: state.stepInEpoch,
      samples: step.sums.samples,
      milliseconds: performance.now() - began,
    });
    await observe(fit, 'epochEnd', Object.freeze({ metrics, validation, steps: record.steps, samples: record.samples, milliseconds: record.milliseconds }));
    emit(fit, 'epoch-end', { epochs: lastEpoch, metrics, validation, learningRate: record.learningRate, steps: record.steps, samples: record.samples, ms: record.milliseconds });
    fit.reports.afterEpoch();
    fit.progress.epochEnd(record);
    yield record;
    if (fit.checkpoints.isWanted && !isCut) await fit.checkpoints.take({ at, lastRate, validationDue: false });
  }
  const stand = { at, lastRate, validationDue };
  // A plugin ends the same fit at the same place whenever it is trained; an abort or a call of stop() interrupts it.
  if (state.stop === undefined || state.stop.by !== null) await fit.checkpoints.atEnd(stand, state.stop === undefined ? 'end of the fit' : `stopped by ${String(state.stop.by)}`);
  else await fit.checkpoints.cutShort(stand, state.stop.reason);
}

async function beginEpoch(fit: FitLoop): Promise<void> {
  const { state, step, lastEpoch } = fit;
  state.epoch += 1;
  state.stepInEpoch = 0;
  step.sums.reset();
  fit.feed.beginEpoch();
  emit(fit, 'epoch-start', { epochs: lastEpoch, learningRate: step.optimizer.learningRate });
  fit.progress.epochStart(state.epoch, lastEpoch, fit.feed.stepsPerEpoch);
  await observe(fit, 'epochStart', { epochs: lastEpoch });
}

/** Tensors alive beside the epoch's sums, which come and go with each reading. */
const aliveBeside = ({ step }: FitLoop): number => LeakLedger.live - (step.sums.pending === undefined ? 0 : 1);

function emit<Name extends keyof CoreEvents>({ bus, state }: FitLoop, name: Name, data: CoreEvents[Name]): void {
  bus.emit(name, data, { epoch: state.epoch, step: state.step });
}

/** Calls a hook, and charges its time to the plugins, or to the phase that it is a part of. */
async function observe<H extends keyof CompiledHooks['observe']>({ runner, clock }: FitLoop, name: H, payload: Parameters<NonNullable<CompiledHooks['observe'][H]>>[0], phase: Phase = 'plugins'): Promise<void> {
  const hook = runner.hooks.observe[name] as ((payload: unknown) => void | Promise<void>) | undefined;
  if (hook === undefined) return;
  clock.enter(phase);
  const result = hook(payload);
  if (result !== undefined) await result;
}

/** Hands out what was read: the metrics to the state, the values to those who asked, the step event at its cadence. */
async function measured(fit: FitLoop, result: StepResult, isLogged: boolean): Promise<void> {
  const { state, step, runner, clock } = fit;
  const own = result.reading?.extra[0];
  if (result.reading === undefined || own === undefined) return;
  const metrics = step.metrics.finish(own, result.batchSize);
  fit.reports.afterReading(metrics['loss'] ?? Number.NaN);
  state.metrics = Object.freeze({ ...metrics, ...validationPart(state.metrics) });
  clock.enter('plugins');
  for (const [owner, error] of result.reading.failures) runner.measuringFailed(owner, error);
  for (const [owner, values] of result.reading.values) {
    const pending = runner.measured(owner, values);
    if (pending !== undefined) await pending;
  }
  if (!isLogged) return;
  const { loss = Number.NaN, ...others } = metrics;
  emit(fit, 'step', { loss, metrics: others, learningRate: result.learningRate, batchSize: result.batchSize, samples: state.samples, updated: result.updated });
}

const validationPart = (metrics: Metrics): Metrics => Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith('val_')));

const isValidationStep = ({ validate: has, validationEvery, state }: FitLoop): boolean => has !== undefined && 'steps' in validationEvery && state.step % validationEvery.steps === 0;

const isValidationEpoch = ({ validate: has, validationEvery, state }: FitLoop, lastEpoch: number): boolean =>
  has !== undefined && 'epochs' in validationEvery && (state.epoch % validationEvery.epochs === 0 || state.epoch === lastEpoch) && state.stop?.reason !== 'aborted';

async function validate(fit: FitLoop, atEpochEnd: boolean): Promise<Metrics | null> {
  const { state, clock } = fit;
  if (fit.validate === undefined) return null;
  await observe(fit, 'validationStart', { atEpochEnd }, 'validation');
  clock.enter('validation');
  const { watch, done } = fit.validate();
  let evaluation: Evaluation;
  try {
    evaluation = await done;
    // An evaluation that a signal cut short covers a part of the data: no one is to take it for the whole.
    if (state.stop?.reason === 'aborted') return null;
    state.metrics = Object.freeze({ ...state.metrics, ...asValidation(evaluation.metrics) });
    await watch?.handOut();
  } finally {
    watch?.dispose();
  }
  const { metrics, samples, milliseconds } = evaluation;
  await observe(fit, 'validationEnd', Object.freeze({ metrics, samples, milliseconds, atEpochEnd }), 'validation');
  emit(fit, 'validation', { metrics, samples, ms: milliseconds });
  return metrics;
}
