/**
 * One process of a training: begins it, or goes on with it, and writes what it came to. It says where it stands by lines of
 * JSON on stdout.
 *
 *     node --import tsx test/soak/child.ts VARIATION FOLDER
 */
import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import type { Sequential } from '@tensorflow/tfjs-layers';
import { TrainscopeError } from 'trainscope';
import { useBackend } from '../support/backends.js';
import { openTraining } from './training.js';
import { askedToEnd, type Outcome, type Said } from './protocol.js';
import type { Variation } from './variation.js';

const [, , text = '', folder = ''] = process.argv;
const variation = JSON.parse(text) as Variation;
const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

try {
  await useBackend(variation.backend);
  const { trainer, train, options } = openTraining(variation, folder);
  const found = await trainer.resume(`${folder}/checkpoints`, { missing: 'start' });
  trainer.hook('fitStart', () => {
    say({ at: 'training', resumed: found === undefined ? null : { name: found.name, attempt: found.attempt, refused: found.refused.map(({ name }) => name) } });
  });
  const { history, metrics, steps, reason, stoppedBy } = await trainer.fit(train, options);
  say({ at: 'ended' });
  const weights = createHash('sha256');
  for (const tensor of (trainer.model as Sequential).getWeights()) {
    const { buffer, byteOffset, byteLength } = await tensor.data();
    weights.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  await trainer.dispose();
  // A process that was asked to end has saved what it came to, and says so by its exit code: it is no outcome.
  if (reason === 'aborted') process.exit(askedToEnd);
  const outcome: Outcome = { reason, stoppedBy, steps, weights: weights.digest('hex'), metrics, history: history.map(({ milliseconds: _, ...record }) => record) };
  // Whole or not there: a kill may come at this moment too.
  writeFileSync(`${folder}/outcome.tmp`, JSON.stringify(outcome));
  renameSync(`${folder}/outcome.tmp`, `${folder}/outcome.json`);
} catch (error) {
  say({ at: 'failed', code: error instanceof TrainscopeError ? error.code : null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
}
