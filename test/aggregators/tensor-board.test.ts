import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { confusionMatrix, gradientNorm, histograms } from '../../plugins/index.js';
import { memorySink, Trainer, type TrainscopeEvent } from '../../src/index.js';
import { tensorBoardSink } from '../../src/sinks/index.js';
import { clouds, smallClassifier } from '../support/small-run.js';

interface Value {
  readonly tag: string;
  readonly scalar?: number | string;
  readonly plugin?: string;
  readonly shape?: readonly number[];
  readonly numbers?: readonly number[];
  readonly strings?: readonly string[];
  readonly start?: Readonly<Record<string, unknown>>;
  readonly hparams?: readonly [string, number][];
  readonly metrics?: readonly [string, string][];
  readonly status?: number;
}
interface Read {
  readonly folder: string;
  readonly file: string;
  readonly time: number;
  readonly step: number;
  readonly version: string;
  readonly restart: number;
  readonly values: readonly Value[];
}

const reader = fileURLToPath(new URL('read-event-files.py', import.meta.url));

/** Debian's python3 with python3-protobuf and python3-crcmod. It ends with an error at the first CRC that is wrong. */
const read = (folder: string): Read[] =>
  execFileSync('/usr/bin/python3', [reader, folder], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Read);

const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'trainscope-tensor-board-'));
const scalars = (events: readonly Read[], folder: RegExp, tag: string): [number, unknown][] =>
  events.filter((each) => folder.test(each.folder)).flatMap(({ step, values }) => values.filter((value) => value.tag === tag).map((value): [number, unknown] => [step, value.scalar]));
const values = (events: readonly Read[], plugin: string): (Value & { step: number; folder: string })[] =>
  events.flatMap(({ step, folder, values: all }) => all.filter((value) => value.plugin === plugin).map((value) => ({ ...value, step, folder })));
const text = (hex: string | undefined): string => Buffer.from(hex ?? '', 'hex').toString();

test('a reader on Google\'s protobuf reads what the log says: losses, norms, histograms, texts, pictures, hparams', async () => {
  const folder = freshFolder();
  const memory = memorySink();
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    optimizer: { name: 'sgd', learningRate: 0.1 },
    backend: 'cpu',
    seed: 1,
    logEvery: 1,
    progress: false,
    plugins: [gradientNorm({ every: 1 }), histograms({ every: 4, of: ['weights', 'gradients', 'updates', 'activations'] }), confusionMatrix()],
    sinks: [memory, tensorBoardSink(folder)],
  });
  // 8 steps an epoch.
  await trainer.fit(clouds(64), { epochs: 2, batchSize: 8, validation: clouds(16, 2) });
  await trainer.dispose();
  const log = memory.events;
  const events = read(folder);
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- says what the data of an event by that name is
  const of = <Data extends object>(name: string): (TrainscopeEvent & { data: Data })[] => log.filter((each) => each.event === name) as never;

  const [run = ''] = readdirSync(folder);
  expect(run).toMatch(/^\d{8}-\d{6}-[0-9a-f]{8}$/);
  expect(new Set(events.map((each) => each.folder))).toEqual(new Set([run, `${run}/train`, `${run}/validation`]));
  expect(events.filter(({ version }) => version !== '').map(({ version }) => version)).toEqual(['brain.Event:2', 'brain.Event:2', 'brain.Event:2']);

  const steps = of<{ loss: number }>('step');
  expect(steps.length).toBe(16);
  expect(scalars(events, /train$/, 'batch_loss')).toEqual(steps.map(({ step, data }) => [step, Math.fround(data.loss)]));
  const ends = of<{ metrics: { loss: number }; validation: { accuracy: number } }>('epoch-end');
  expect(scalars(events, /train$/, 'epoch_loss')).toEqual(ends.map(({ step, data }) => [step, Math.fround(data.metrics.loss)]));
  expect(scalars(events, /validation$/, 'epoch_accuracy')).toEqual(ends.map(({ step, data }) => [step, Math.fround(data.validation.accuracy)]));
  const norms = of<{ weights: Record<string, { norm: number; maxAbs: number }> }>('gradient-norm');
  const [weight = ''] = Object.keys(norms[0]?.data.weights ?? {});
  expect(scalars(events, /train$/, `gradient-norm/${weight}`)).toEqual(norms.map(({ step, data }) => [step, Math.fround(data.weights[weight]?.norm ?? NaN)]));
  expect(scalars(events, /train$/, `gradient-norm.maxAbs/${weight}`).length).toBe(16);
  expect(scalars(events, /validation$/, 'evaluation_loss_vs_iterations').map(([step]) => step)).toEqual([8, 16]);

  // Steps 1, 4, 8, 12, 16.
  const measured = of<{ weights: Record<string, Record<string, { edges: number[]; counts: number[] }>> }>('histogram');
  expect(measured.map(({ step }) => step)).toEqual([1, 4, 8, 12, 16]);
  const drawn = values(events, 'histograms').filter(({ tag }) => tag === `gradients/${weight}`);
  expect(drawn.map(({ step }) => step)).toEqual([1, 4, 8, 12, 16]);
  drawn.forEach(({ shape, numbers = [] }, i) => {
    const { edges = [], counts = [] } = measured[i]?.data.weights[weight]?.['gradients'] ?? {};
    expect(shape).toEqual([30, 3]);
    expect(numbers).toEqual(counts.flatMap((count, bin) => [edges[bin], edges[bin + 1], count]));
  });
  expect(new Set(values(events, 'histograms').map(({ tag }) => tag.split('/')[0]))).toEqual(new Set(['weights', 'gradients', 'updates', 'activations']));

  const pictures = values(events, 'images');
  expect(pictures.map(({ step, tag }) => [step, tag.split('/')[0]])).toEqual([[8, 'confusion-matrix'], [16, 'confusion-matrix']]);
  expect(pictures[0]?.strings?.slice(0, 2).map(text)).toEqual(['400', '400']);
  expect(pictures[0]?.strings?.[2]).toMatch(/^89504e470d0a1a0a/);

  const configuration = values(events, 'text').find(({ tag }) => tag === 'run/configuration');
  const start = of<{ configuration: unknown }>('run-start')[0];
  expect(JSON.parse(text(configuration?.strings?.[0]).replace(/^```json\n|\n```$/g, ''))).toEqual(start?.data.configuration);

  const sessions = values(events, 'hparams');
  expect(sessions.map(({ tag, folder: at }) => [tag, at])).toEqual([['_hparams_/experiment', run], ['_hparams_/session_start_info', run], ['_hparams_/session_end_info', run]]);
  expect(sessions[0]?.metrics).toEqual([['train', 'epoch_loss'], ['validation', 'epoch_loss'], ['train', 'epoch_accuracy'], ['validation', 'epoch_accuracy']]);
  expect(sessions[1]?.start).toMatchObject({ backend: 'cpu', seed: 1, 'optimizer.name': 'sgd', 'optimizer.learningRate': 0.1, 'fit.batchSize': 8, 'plugins.gradientNorm.every': 1, 'plugins.gradientNorm.clipped': false });
  expect(sessions[0]?.hparams?.map(([name]) => name)).toEqual(Object.keys(sessions[1]?.start ?? {}));
  expect(sessions[2]?.status).toBe(1);
});

const event = (seq: number, step: number, name: string, data: Record<string, unknown>): TrainscopeEvent => ({ v: 1, runId: '0a1b2c3d-0000', seq, time: 1_700_000_000_000 + seq * 1000, event: name, plugin: null, epoch: 1, step, level: 'info', data });
const stepOf = (seq: number, at: number, loss = at / 4): TrainscopeEvent => event(seq, at, 'step', { loss, metrics: {}, learningRate: 0.5, batchSize: 1, samples: at, updated: true });

test('NaN and infinities come through; two findings of a rule at one step are both in its text; a failed run is 2 (FAILURE)', async () => {
  const folder = freshFolder();
  const sink = tensorBoardSink(folder, { run: 'mine' });
  const finding = (message: string): Record<string, unknown> => ({ rule: 'dead', severity: 'error', where: {}, message, evidence: { share: 1 }, remedy: 'Lower it.', docs: null });
  const losses = [NaN, Infinity, -Infinity, 1e-45, 0.1];
  for (const [i, loss] of losses.entries()) await sink.write(stepOf(i + 1, i + 1, loss));
  for (const [i, message] of ['First.', 'Second.'].entries()) await sink.write(event(6 + i, 5, 'finding', finding(message)));
  await sink.write(event(8, 5, 'run-end', { reason: 'failed' }));
  await sink.close?.();
  expect(sink.stats?.()).toEqual({ written: 8, lost: 0 });
  const events = read(folder);
  expect(scalars(events, /^mine.train$/, 'batch_loss').map(([, loss]) => loss)).toEqual(['nan', 'inf', '-inf', Math.fround(1e-45), Math.fround(0.1)]);
  const texts = values(events, 'text').map(({ strings }) => text(strings?.[0]));
  expect(texts.length).toBe(2);
  expect(texts[1]).toContain('**error: dead**\n\nFirst.\n\n*What to do:* Lower it.');
  expect(texts[1]).toContain('Second.');
  expect(values(events, 'hparams').map(({ status }) => status)).toEqual([2]);
});

test('a resumed run goes on in the same folder: later files, and a START at the step after the checkpoint', async () => {
  const folder = freshFolder();
  const first = tensorBoardSink(folder);
  for (const each of [stepOf(1, 1), stepOf(2, 2), stepOf(3, 3)]) await first.write(each);
  await first.close?.();
  const second = tensorBoardSink(folder);
  for (const each of [event(4, 2, 'resume', { checkpoint: 'c', step: 2 }), stepOf(5, 3), stepOf(6, 4)]) await second.write(each);
  await second.close?.();
  expect(readdirSync(folder)).toEqual(['20231114-221321-0a1b2c3d']);
  const events = read(folder).filter((each) => each.folder.endsWith('train'));
  expect(events.map(({ step: at, version, restart, values: [value] }) => [at, version === '' ? (restart === 1 ? 'restart' : value?.scalar) : 'version'])).toEqual([
    [0, 'version'], [1, 0.25], [2, 0.5], [3, 0.75],
    [0, 'version'], [3, 'restart'], [3, 0.75], [4, 1],
  ]);
});
