/**
 * Makes the pictures of README.md and docs/: the report of a training whose learning rate is too high, and the live page of
 * a training under way. Chromium draws them (Debian: apt-get install chromium; another place: CHROMIUM=path).
 *
 *     npx tsx scripts/write-report-pictures.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chooseBackend, Trainer } from 'trainscope';
import { dashboard, gradientNorm, seed, weightNorm } from 'trainscope/plugins';
import { writeReport } from 'trainscope/report';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { loadDigits } from '../examples/mnist/data.js';
import { launch, open } from '../test/browser/chromium.js';
import { trainDigits } from '../test/browser/digits-run.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-pictures-'));
const size = { width: 1200, height: 900 };
const browser = await launch();
await chooseBackend('wasm');
try {
  const log = join(folder, 'digits.ndjson');
  const report = join(folder, 'report.html');
  await trainDigits({ log, learningRate: 0.06 });
  await writeReport([log], report, { title: 'Digits, Adam at 0.06' });
  const { page } = await open(browser, report, size);
  await page.waitForSelector('figure[data-chart="metric:accuracy"] canvas');
  await page.screenshot({ path: 'docs/images/report.png' });
  await page.close();

  const urls: string[] = [];
  const trainer = new Trainer({
    model: () => sequential({ layers: [layers.dense({ name: 'hidden', units: 64, activation: 'relu', inputShape: [784] }), layers.dense({ name: 'digit', units: 10, activation: 'softmax' })] }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    progress: false,
    logEvery: 1,
    plugins: [seed({ seed: 1 }), gradientNorm({ every: 2 }), weightNorm({ every: 2 }), dashboard({ port: 0, allowControl: true, token: 'a-token-for-the-picture' })],
  });
  trainer.on('dashboard', ({ data }) => urls.push(data.url));
  const training = trainer.fit(loadDigits('train', [784], 0, 20_000), { epochs: 40, batchSize: 64, validation: loadDigits('train', [784], 59_000) });
  while (urls.length === 0) await wait(50);
  const live = await open(browser, `${urls[0] ?? ''}#token=a-token-for-the-picture`, size);
  await live.page.waitForFunction(`JSON.parse(document.getElementById('model').textContent) !== null && document.querySelector('figure[data-chart="metric:accuracy"] canvas') !== null`);
  await wait(6000);
  await live.page.screenshot({ path: 'docs/images/live.png' });
  trainer.stop();
  await training;
  await trainer.dispose();
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
