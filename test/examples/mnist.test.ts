import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInPlugins } from '../../plugins/index.js';
import { coreCatalogue, parseEventLine, type TrainscopeEvent } from '../../src/index.js';
import { runExample, type Ran } from '../support/run-example.js';

const catalogue = Object.values(builtInPlugins).reduce((all, { pluginName, events }) => all.with(events, { owner: pluginName }) as typeof all, coreCatalogue);
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
/** @throws for a line that is no event, or one that the catalogue does not know or whose data does not fit. */
const read = (text: string): TrainscopeEvent[] => linesOf(text).map((line) => parseEventLine(line, catalogue));

const out = mkdtempSync(join(tmpdir(), 'trainscope-mnist-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

interface Trained extends Ran {
  readonly log: string;
  readonly weights: string | undefined;
}

async function train(name: string, args: readonly string[]): Promise<Trained> {
  const folder = join(out, name);
  const ran = await runExample('examples/mnist/train.ts', ['--samples', '3000', '--epochs', '1', '--out', folder, ...args]);
  const weights = /final weights sha256 ([0-9a-f]{64})/.exec(ran.stdout + ran.stderr)?.[1];
  return { ...ran, log: readFileSync(join(folder, 'events.ndjson'), 'utf8'), weights };
}

/** What two runs of one seed may differ in. All else has to be equal, bit by bit. */
const isTiming: Readonly<Record<string, string>> = {
  ms: 'how long a thing took',
  milliseconds: 'how long a thing took',
};
/** Events that are about time, or come when something outside of the training is ready. */
const isOfTheClock: Readonly<Record<string, string>> = {
  gpu: 'comes when nvidia-smi has answered, or could not be started: not at a step of its own',
  'gpu-profile': 'times, shares of them, memory and utilisation',
  'plugin-slow': 'is said of a plugin that took more than a tenth of the time, which a busy machine may bring about',
};

/** Events without what the clock decides, and without what is new in each run by design. */
const normalised = (events: readonly TrainscopeEvent[]): unknown[] =>
  events
    .filter(({ event, plugin }) => isOfTheClock[event] === undefined && !(event === 'finding' && plugin === 'gpuProfiler'))
    .map(({ event, plugin, epoch, step, level, data }) => ({
      // v is the same for all; runId is drawn anew; time is the clock; seq counts the events that were left out as well.
      event,
      plugin,
      epoch,
      step,
      level,
      data: JSON.parse(JSON.stringify(data, (key, value: unknown) => (isTiming[key] === undefined ? (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value) : 'a time'))) as unknown,
    }));

describe('examples/mnist', () => {
  let first: Trained;
  let again: Trained;
  let other: Trained;

  beforeAll(async () => {
    first = await train('first', ['--seed', '7']);
    again = await train('again', ['--seed', '7', '--log', 'stdout']);
    other = await train('other', ['--seed', '8']);
  }, 120_000);

  it('ends with code 0, and says what came of it', () => {
    expect([first.code, again.code, other.code]).toEqual([0, 0, 0]);
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(/completed; 47 steps in [\d.]+ s/);
    // 3,000 digits and one epoch: far from done, and far from the tenth that guessing gets.
    expect(Number(/test accuracy ([\d.]+)/.exec(first.stdout)?.[1])).toBeGreaterThan(0.7);
  });

  it('writes a log whose every line is a known event with data that fits, and whose seq has no gap', () => {
    const events = read(first.log);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(events.at(0)?.event).toBe('run-start');
    expect(events.at(-1)?.event).toBe('run-end');
    // 3,000 samples in batches of 64 are 47 steps: every 10th has a step event, and the first.
    expect(events.filter(({ event }) => event === 'step').map(({ step }) => step)).toEqual([1, 10, 20, 30, 40]);
  });

  it('has events of its seven plugins', () => {
    const heard = new Set(read(first.log).map(({ plugin }) => plugin));
    for (const name of ['seed', 'gradientNorm', 'weightNorm', 'predictionDynamics', 'lrScheduler', 'earlyStopping', 'gpuProfiler']) expect(heard).toContain(name);
  });

  it('has no warning and no error', () => {
    const findings = read(first.log).flatMap(({ event, data }) => (event === 'finding' ? [data] : []));
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('proves that its first steps are reproducible', () => {
    const verification = read(first.log).find(({ event }) => event === 'seed-verification');
    expect(verification?.data).toEqual({ steps: 3, identical: true, firstDifference: null });
  });

  it('ends with the same bits in all weights for the same seed, and says the same of the way there', () => {
    expect(first.weights).toMatch(/^[0-9a-f]{64}$/);
    expect(again.weights).toBe(first.weights);
    expect(normalised(read(first.log)).length).toBeGreaterThan(25);
    expect(normalised(read(again.log))).toEqual(normalised(read(first.log)));
  });

  it('ends with other weights for another seed', () => {
    expect(other.weights).toMatch(/^[0-9a-f]{64}$/);
    expect(other.weights).not.toBe(first.weights);
  });

  it('with --log stdout prints events alone on stdout, as in the file, and all else on stderr', () => {
    const printed = read(again.stdout);
    expect(printed.map(({ seq, event }) => ({ seq, event }))).toEqual(read(again.log).map(({ seq, event }) => ({ seq, event })));
    expect(again.stderr).toContain('final weights sha256');
    expect(again.stderr).not.toContain('"seq"');
  });

  it('makes lines that pino-pretty renders one an event, none too long for a terminal', () => {
    const pretty = join(dirname(createRequire(import.meta.url).resolve('pino-pretty/package.json')), 'bin.js');
    const { stdout, status } = spawnSync(process.execPath, [pretty, '--colorize=false', '--hideObject', '--ignore', 'pid,hostname'], { input: again.stdout, encoding: 'utf8' });
    expect(status).toBe(0);
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(linesOf(again.stdout).length);
    expect(lines.find((line) => line.includes('INFO: epoch 1/1  loss'))).toMatch(/ {2}accuracy 0\.\d+ {2}val_loss 0\.\d+ {2}val_accuracy 0\.\d+$/);
    expect(lines.find((line) => line.includes('gradient-norm'))).toMatch(/DEBUG: gradient-norm \(gradientNorm\) {2}norm [\d.]+ {2}maxAbs/);
    // Time and level take 23 characters, so that a terminal of 130 columns shows every line whole.
    expect(lines.filter((line) => line.length > 130)).toEqual([]);
  });
});
