import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInPlugins } from '../../plugins/index.js';
import { temporaryFolder } from '../config/temporary-folder.js';
import { runExample } from '../support/run-example.js';

test('examples/config trains as run.yaml says: all plugins, 27 of 30 flowers right at least, and nothing found that is graver than an info', async () => {
  const out = temporaryFolder();
  const { code, stdout, stderr } = await runExample('examples/config/train.ts', ['--out', out]);
  expect([code, stderr]).toEqual([0, '']);
  expect(Number(/validation accuracy ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(0.9);
  expect(stdout).not.toMatch(/^(error|warning) /m);
  const heard = new Set(readFileSync(join(out, 'events.ndjson'), 'utf8').split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { plugin: unknown }).plugin));
  // nonFinite and terminateOnNaN speak of steps that are not finite, and here are none; tfCallbacks takes functions, which no config file holds.
  // leakWatch speaks of tensors that stay; mixup and labelSmoothing take one-hot labels, and these are class numbers.
  const silent = ['nonFinite', 'leakWatch', 'mixup', 'labelSmoothing', 'terminateOnNaN', 'tfCallbacks'];
  for (const name of Object.keys(builtInPlugins).filter((each) => !silent.includes(each))) expect(heard).toContain(name);
});
