import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

/** Makes every step last: busy for some milliseconds, as a large model on cpu or wasm is. */
const busy = (milliseconds: number) => (): void => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
};

describe('while it trains', () => {
  it('timers fire: 40 steps of 20 ms let a 10 ms timer run at least 8 times', async () => {
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy' });
    trainer.hook('batch', busy(20));
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    await trainer.fit(clouds(160), { batchSize: 4 });
    clearInterval(timer);
    // 800 ms in stretches of 50 to 70 ms: 11 turns at least; without pace there is none.
    expect(ticks).toBeGreaterThanOrEqual(8);
  });

  it('a pino worker transport writes: lines are in its file before the fit ends', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trainscope-pace-'));
    const file = join(folder, 'events.ndjson');
    try {
      const trainer = new Trainer({
        model: smallClassifier(),
        loss: 'sparseCategoricalCrossentropy',
        logEvery: 1,
        logger: { level: 'debug', transport: { target: 'pino/file', options: { destination: file } } },
      });
      trainer.hook('batch', busy(20));
      let sizeInMidst = 0;
      trainer.hook('stepEnd', (_, { step }) => {
        if (step === 195) sizeInMidst = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      });
      await trainer.fit(clouds(800), { batchSize: 4 });
      await trainer.dispose();
      expect(sizeInMidst).toBeGreaterThan(0);
      const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { event: string; seq: number });
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1));
      expect(lines.at(-1)?.event).toBe('run-end');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('a SIGINT reaches its handler, which stops the fit after a step: exit 0 and a whole log', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', resolve('test/support/train-until-interrupted.ts')], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise<number | null>((done) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const started = output === '';
        output += chunk.toString();
        if (started) child.kill('SIGINT');
      });
      child.on('exit', done);
    });
    expect(errors.replaceAll(/=+\n.*TensorFlow\.js.*\n=+\n/g, '').trim()).not.toMatch(/Error/);
    expect(code).toBe(0);
    expect(output).toMatch(/training\naborted: interrupted/);
  });
});
