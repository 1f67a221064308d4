import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { Trainer, type DataSource } from 'trainscope';
import type { Samples, WorkerLoader } from 'trainscope/loader';
import { gpuProfiler, seed } from 'trainscope/plugins';
import { epochBatches } from '../../src/loader/epoch-batches.js';
import { BatchMaker } from '../../src/loader/make-batch.js';
import { edge } from './images.js';
import { dataSeed } from './seed.js';
import { digitsLoader, type DigitsOptions } from './digits.loader.js';

export interface Work {
  readonly options: DigitsOptions;
  readonly batchSize: number;
  /** Units of the two hidden layers. */
  readonly units: number;
}

const classes = 10;

const model = ({ units }: Work) => (): LayersModel =>
  sequential({
    layers: [layers.dense({ units, activation: 'relu', inputShape: [edge * edge] }), layers.dense({ units, activation: 'relu' }), layers.dense({ units: classes, activation: 'softmax' })],
  });

/** What a fit took, and where it came to. */
export interface Timed {
  /** Of the second epoch, a batch: from the end of the first to its end, with whatever is between two epochs. */
  readonly ms: number;
  readonly loss: number;
}

/** Two epochs of training; the second is timed. */
export async function timedFit(work: Work, data: DataSource): Promise<Timed> {
  const trainer = new Trainer({ model: model(work), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.001 }, progress: false, plugins: [seed({ seed: 1 })] });
  const ends: number[] = [];
  trainer.on('epoch-end', () => ends.push(performance.now()));
  const { history, reason, steps } = await trainer.fit(data, { epochs: 2 });
  if (reason !== 'completed') throw new Error(`the fit ended early: ${reason}`);
  await trainer.dispose();
  const loss = history.at(-1)?.metrics['loss'] ?? Number.NaN;
  if (!Number.isFinite(loss)) throw new Error('the loss is not finite');
  return { ms: ((ends[1] ?? Number.NaN) - (ends[0] ?? Number.NaN)) / (steps / 2), loss };
}

/** What gpuProfiler says of a fit. */
export interface Profile {
  readonly verdict: string;
  /** Share of the loop that waits for data, 0 to 1. */
  readonly data: number | null;
  /** The severities of its data-bound findings. */
  readonly findings: readonly string[];
}

export async function profiledFit(work: Work, data: DataSource): Promise<Profile> {
  const trainer = new Trainer({ model: model(work), loss: 'sparseCategoricalCrossentropy', optimizer: 'adam', progress: false, plugins: [seed({ seed: 1 }), gpuProfiler({ gpu: false })] });
  let profile: Profile = { verdict: 'unknown', data: null, findings: [] };
  const findings: string[] = [];
  trainer.on('gpu-profile', ({ data: { verdict, shares } }) => (profile = { verdict: verdict.kind, data: shares?.data ?? null, findings: [] }));
  trainer.on('finding', ({ data: { rule, severity } }) => rule === 'data-bound' && findings.push(severity));
  await trainer.fit(data, { epochs: 2 });
  await trainer.dispose();
  return { ...profile, findings };
}

/** The loader's batches with nothing done to them: ms a batch of the second of two epochs. */
export async function timedDrain(data: WorkerLoader): Promise<number> {
  const ends: number[] = [];
  let batches = 0;
  for (const epoch of [0, 1]) {
    for await (const _ of data(epoch) as AsyncIterable<Samples>) batches += 1;
    ends.push(performance.now());
  }
  return ((ends[1] ?? Number.NaN) - (ends[0] ?? Number.NaN)) / (batches / 2);
}

/** The same batches to the bit, each made when the training asks for it, in the training's thread. */
export function inThread({ options, batchSize }: Work): DataSource {
  const maker = new BatchMaker(digitsLoader(options), dataSeed, 'digits.loader.ts');
  return async function* (epoch: number): AsyncGenerator<Samples> {
    const batches = epochBatches(epoch, options.count, { batchSize, dropLast: false, shuffle: true, seed: dataSeed });
    for (let batch = 0; batch < batches.length; batch += 1) yield await maker.make({ epoch, batch, indices: batches.indicesOf(batch) });
  };
}

/** The batches of an epoch, for a training that waits for nothing. */
export async function inMemory(data: WorkerLoader): Promise<Samples[]> {
  const batches: Samples[] = [];
  for await (const batch of data(0) as AsyncIterable<Samples>) batches.push(batch);
  return batches;
}
