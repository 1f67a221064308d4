/** Writes one checkpoint after the other and removes those before the last two, until it is killed. Says the number of each. */
import { writeSync } from 'node:fs';
import { CheckpointFolder } from '../../src/checkpoint/index.js';
import { contentOf, factsOf } from './samples.js';

const [, , path = '', from = ''] = process.argv;
const folder = new CheckpointFolder(path);
await folder.open();
for (let seq = Number(from) + 1; ; seq += 1) {
  // Every third one takes the place of the one before.
  const name = `step-${String(seq - Number(seq % 3 === 0))}`;
  const weights = [{ name: 'w', dtype: 'float32' as const, shape: [250_000], values: new Float32Array(250_000).fill(seq) }];
  await folder.write(name, factsOf(seq), { ...contentOf(seq), weights });
  writeSync(1, `${String(seq)}\n`);
  for (const { name: old } of (await folder.list()).slice(2)) await folder.remove(old);
}
