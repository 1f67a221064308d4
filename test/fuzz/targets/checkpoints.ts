import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Trainer } from 'trainscope';
import { checkpointHandler, CheckpointFolder, readCheckpoint, readNewest, type CheckpointContent, type CheckpointFacts } from 'trainscope/checkpoint';
import { checkpoint, earlyStopping, gradientNorm, lrScheduler } from 'trainscope/plugins';
import { faultOf } from '../judge.js';
import { hostileValue } from '../hostile.js';
import { mutated } from '../mutate.js';
import { Broken, target } from '../target.js';
import { changedCheckpoint, filesIn, putChanged, type ChangedCheckpoint, type Files } from './checkpoint-files.js';
import { smallData, smallModelAnew, useCpu } from './small.js';

const fitOptions = { epochs: 3, batchSize: 1, validation: smallData };

/** A trainer whose checkpoints hold all that they can: slots, copies of weights, states of plugins, a place within an epoch. */
const makeTrainer = (plugins: Parameters<typeof checkpoint>[0] | undefined): Trainer =>
  new Trainer({
    model: smallModelAnew,
    loss: 'meanSquaredError',
    metrics: ['meanAbsoluteError'],
    optimizer: { name: 'adam', learningRate: 0.01 },
    seed: 3,
    backend: 'keep',
    progress: false,
    plugins: [earlyStopping({ monitor: 'val_loss', patience: 5, restoreBestWeights: true }), gradientNorm({ every: 1 }), lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss' } }), ...(plugins === undefined ? [] : [checkpoint(plugins)])] as never,
  });

/** Of a training that was stopped in its second epoch. */
async function trainedFiles(): Promise<Files> {
  await useCpu();
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-fuzz-base-'));
  try {
    const trainer = makeTrainer({ folder, every: { steps: 6 }, atEnd: false });
    await trainer.fit(smallData, { ...fitOptions, epochs: 2 });
    await trainer.dispose();
    const { entry } = await readNewest(folder);
    return filesIn(entry.path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const files = await trainedFiles();
const unchanged: ChangedCheckpoint = { changes: [], sealed: true, withEarlier: false };

/** Two numbers, as a checkpoint takes them. */
const array = (): CheckpointContent['weights'][number] => ({ name: 'a', dtype: 'float32', shape: [2], values: new Float32Array([1, NaN]) });
const facts: CheckpointFacts = { runId: 'r', attempt: 1, seq: 1, epoch: 1, step: 1, time: 0, reason: 'due', metric: { name: 'val_loss', value: NaN }, lasting: false, finite: true };
const names = fc.oneof(fc.constantFrom('step-1', '..', '../x', 'a/b', '.tmp-1', '', '__proto__', 'x'.repeat(300), 'out'), fc.string({ maxLength: 5 }));

export const checkpointTargets = [
  target({
    name: 'checkpoint',
    share: 5,
    values: changedCheckpoint(files),
    sound: () => [unchanged, { ...unchanged, withEarlier: true }],
    attempt: async (changed, place) => {
      const { all, one } = putChanged(changed, files, place);
      if (changed.withEarlier) {
        const { entry } = await readNewest(all);
        if (!entry.name.startsWith('step-0000000')) throw new Broken(`a checkpoint ${entry.name}`);
        await new CheckpointFolder(all).list();
      }
      const { content } = await readCheckpoint(one);
      for (const { values, shape } of content.weights) if (values.length !== shape.reduce((product, size) => product * size, 1)) throw new Broken('an array that does not fit its shape');
      await checkpointHandler(one).load?.();
    },
  }),
  target({
    name: 'resume',
    share: 3,
    values: changedCheckpoint(files),
    sound: () => [unchanged],
    attempt: async (changed, place) => {
      const { all } = putChanged(changed, files, place);
      const trainer = makeTrainer(undefined);
      try {
        await trainer.resume(all);
        trainer.hook('stepEnd', () => trainer.stop());
        await trainer.fit(smallData, fitOptions);
      } finally {
        await trainer.dispose();
      }
    },
  }),
  target({
    name: 'checkpoint calls',
    share: 1,
    values: fc.record({ path: fc.oneof(hostileValue), name: names, options: hostileValue, content: mutated([{ weights: [1], optimizer: [], snapshots: { a: [] }, state: { x: 1 }, topology: null }], fc.constantFrom<unknown>(null, {}, [], 'x', '__proto__')) }),
    sound: () => [{ path: join(tmpdir(), 'nowhere'), name: 'step-1', options: {}, content: {} }],
    attempt: async ({ path, name, options, content }, place) => {
      const folder = new CheckpointFolder(join(place.folder, 'written'));
      await folder.open();
      await each([
        async () => {
          const { state, topology } = (typeof content === 'object' && content !== null ? content : {}) as { state?: unknown; topology?: unknown };
          await folder.write(name, facts, { weights: [array()], optimizer: [], snapshots: { [name]: [array()] }, state: state ?? null, topology: topology ?? null });
          await readCheckpoint(join(place.folder, 'written', name));
        },
        () => readNewest(path as string, options as object),
        async () => {
          const trainer = makeTrainer(undefined);
          try {
            await trainer.resume(path as string, options as object);
          } finally {
            await trainer.dispose();
          }
        },
        () => folder.remove(name),
      ]);
    },
  }),
];

/** All these are tried, whatever becomes of the others. */
async function each(calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const call of calls) {
    try {
      await call();
    } catch (error) {
      if (faultOf(error) !== undefined) throw error;
    }
  }
}
