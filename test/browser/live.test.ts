import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseBackend, Trainer } from 'trainscope';
import { dashboard, gradientNorm, seed } from 'trainscope/plugins';
import { watchLogs } from 'trainscope/report';
import { examples } from '../events/examples.js';
import { clouds, smallClassifier } from '../support/small-run.js';
import { launch, open, picture } from './chromium.js';

let browser: Browser;
beforeAll(async () => {
  await chooseBackend('cpu');
  browser = await launch();
});
afterAll(() => browser.close());

const token = 'correct-horse-battery-staple';

interface Heard {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** The text of the page, as a person reads it. */
const text = (page: Page): Promise<string> => page.evaluate('document.body.innerText');

describe('the page of a training under way', () => {
  test('moves on by itself; pause holds the training, resume lets it go on, a learning rate is set, stop ends it; the browser complains of nothing', async () => {
    const events: Heard[] = [];
    const trainer = new Trainer({
      model: smallClassifier,
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      optimizer: { name: 'sgd', learningRate: 0.01 },
      progress: false,
      logEvery: 1,
      plugins: [seed({ seed: 1 }), gradientNorm({ every: 2 }), dashboard({ port: 0, print: false, allowControl: true, token, title: 'Two clouds', after: 'serve' })],
    });
    const url = new Promise<string>((done) => {
      trainer.onAny(({ event, data }) => {
        events.push({ event, data: { ...data } });
        if (event === 'dashboard') done((data as { url: string }).url);
      });
    });
    const steps = (): number => events.filter(({ event }) => event === 'step').length;
    const did = (action: string): Heard | undefined => events.findLast(({ event, data }) => event === 'dashboard-control' && data['action'] === action);
    const fit = trainer.fit(clouds(400), { epochs: 1_000_000, batchSize: 8, validation: clouds(40, 2) });

    const { page, complaints } = await open(browser, `${await url}#token=${token}`);
    expect(page.url()).not.toContain(token);
    expect(await page.textContent('h1')).toContain('Two clouds');
    // A first curve, and then another number on the page, without anyone loading it anew.
    await page.waitForSelector('figure[data-chart] canvas', { timeout: 30_000 });
    const first = await text(page);
    await expect.poll(() => text(page), { timeout: 15_000 }).not.toBe(first);

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    const paused = steps();
    await page.waitForTimeout(500);
    expect([steps(), did('pause')?.data['action']]).toEqual([paused, 'pause']);

    const rate = page.getByRole('textbox', { name: 'Learning rate' });
    await rate.fill('0.05');
    await page.getByRole('button', { name: 'Set' }).click();
    await expect.poll(() => did('learning-rate')?.data).toMatchObject({ value: 0.05, previous: 0.01 });
    await expect.poll(() => text(page)).toContain('The learning rate is 0.05; it was 0.01.');
    await picture(page, 'live');

    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(steps, { timeout: 10_000 }).toBeGreaterThan(paused + 1);
    expect(events.findLast(({ event }) => event === 'step')?.data['learningRate']).toBe(0.05);

    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Stop' }).click();
    const { reason, stoppedBy } = await fit;
    expect([reason, stoppedBy]).toEqual(['stopped', 'dashboard']);
    await expect.poll(() => text(page), { timeout: 10_000 }).toMatch(/stopped/i);
    await expect.poll(() => page.getByRole('button', { name: 'Pause' }).isDisabled(), { timeout: 10_000 }).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
    await trainer.dispose();
  });

  test('a wrong token does nothing, and is asked for again', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [dashboard({ port: 0, print: false, allowControl: true, token, after: 'close' })] });
    const url = new Promise<string>((done) => void trainer.on('dashboard', ({ data }) => done(data.url)));
    const acts: unknown[] = [];
    trainer.on('dashboard-control', ({ data }) => acts.push(data));
    const fit = trainer.fit(clouds(400), { epochs: 1_000_000, batchSize: 8 });
    const { page } = await open(browser, `${await url}#token=wrong-wrong-wrong-wrong`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('textbox', { name: /Token/ }).or(page.getByLabel(/Token/)).first().waitFor();
    expect(acts).toEqual([]);
    await page.getByLabel(/Token/).fill(token);
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => acts.length).toBe(1);
    trainer.stop();
    await fit;
    await page.close();
    await trainer.dispose();
  });
});

test('the page of a log follows the file, and can only look', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-watch-'));
  const log = join(folder, 'events.ndjson');
  const line = (seq: number, event: keyof typeof examples, data: object = examples[event]): string => `${JSON.stringify({ v: 1, runId: 'a', seq, time: 1000 * seq, event, plugin: null, epoch: 1, step: seq, level: 'info', data }, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))}\n`;
  const watching = await watchLogs([log], { port: 0 });
  try {
    const { page, complaints } = await open(browser, watching.url);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    expect(await text(page)).toContain('This page can only look');
    appendFileSync(log, line(1, 'run-start') + Array.from({ length: 20 }, (_, i) => line(i + 2, 'step', { ...examples.step, loss: 1 / (i + 1) })).join(''));
    await page.waitForSelector('figure[data-chart] canvas', { timeout: 15_000 });
    appendFileSync(log, line(30, 'finding'));
    await expect.poll(() => text(page), { timeout: 15_000 }).toContain(examples.finding.message);
    appendFileSync(log, line(31, 'run-end'));
    await expect.poll(() => text(page), { timeout: 15_000 }).toContain('ended');
    expect(complaints).toEqual([]);
    await page.close();
  } finally {
    await watching.close();
    rmSync(folder, { recursive: true });
  }
});
