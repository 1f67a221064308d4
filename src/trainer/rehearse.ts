import type { LoadedData } from '../data/index.js';
import { readTogether } from '../measure/pack.js';
import type { RehearsalStep } from '../plugin/index.js';
import { BatchFeed } from './batch-feed.js';
import type { Engine } from './engine.js';
import type { PhaseClock } from './phase-clock.js';
import type { RunState } from './run-state.js';
import { trainStep, type StepParts } from './step.js';
import { copyWeights, putWeights } from './weight-snapshots.js';

/**
 * Trains `steps` steps on the data of the next epoch, with the transforming hooks and without the observing ones, and
 * puts weights, optimizer, counters and random streams back as they were.
 */
export async function rehearse(parts: {
  readonly steps: number;
  readonly data: LoadedData;
  readonly engine: Engine;
  readonly state: RunState;
  readonly clock: PhaseClock;
  readonly step: StepParts;
  readonly accumulateSteps: number;
}): Promise<readonly RehearsalStep[]> {
  const { engine, state, clock, step } = parts;
  const phase = clock.enter('plugins');
  const weights = copyWeights(engine.model);
  const optimizer = engine.optimizer.snapshot();
  const counters = { epoch: state.epoch, step: state.step, stepInEpoch: state.stepInEpoch, samples: state.samples };
  const streams = state.streams.state();
  const feed = new BatchFeed(parts.data, { accumulateSteps: parts.accumulateSteps, stepsPerEpoch: undefined, firstPass: state.passes, stopping: state.stopping });
  const done: RehearsalStep[] = [];
  try {
    state.epoch += 1;
    feed.beginEpoch();
    for (let i = 0; i < parts.steps; i += 1) {
      const taken = await feed.take();
      if (taken === undefined) break;
      state.step += 1;
      const { reading } = await trainStep(step, taken.batches, null, true);
      const now = engine.model.weights();
      const read = readTogether(now.map(({ variable }) => variable));
      const values = read instanceof Promise ? await read : read;
      const loss = step.metrics.finish(reading?.extra[0] ?? [], taken.batches.reduce((sum, { size }) => sum + size, 0)).loss ?? Number.NaN;
      done.push({ step: state.step, loss, weights: new Map(now.map(({ info }, at) => [info.name, (values[at] ?? new Float32Array(0)).slice()])) });
      state.stepInEpoch += 1;
    }
    return done;
  } finally {
    await feed.close();
    step.sums.dispose();
    putWeights(engine.model, weights);
    for (const tensor of weights.values()) tensor.dispose();
    engine.optimizer.restore(optimizer);
    optimizer.dispose();
    Object.assign(state, counters);
    state.streams.restore(streams);
    clock.enter(phase);
  }
}
