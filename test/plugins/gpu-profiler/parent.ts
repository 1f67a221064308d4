/**
 * A process that streams and then comes to an end in the way that its argument names. It says when its child has printed a
 * reading, so that the test knows that both run.
 */
import { NvidiaSmiStream } from '../../../plugins/gpu-profiler/nvidia-smi-stream.js';

const end = process.argv[2] ?? '';
const stream = new NvidiaSmiStream({ command: 'nvidia-smi', interval: 200 });

if (end === 'own-handler') {
  process.once('SIGTERM', () => {
    // The program's own plan: it goes on for a while, and then ends with a code of its own.
    setTimeout(() => process.exit(stream.status.kind === 'running' ? 42 : 43), 200);
  });
}
stream.start();

const poll = setInterval(() => {
  if (stream.status.kind !== 'running') return;
  clearInterval(poll);
  process.stdout.write('running\n');
  if (end === 'throw') throw new Error('the training failed');
  if (end === 'reject') void Promise.reject(new Error('the training failed'));
  if (end === 'exit') process.exit(3);
  // 'finish': nothing is left to do, and the running child must not keep the process alive.
  if (end === 'wait' || end === 'own-handler') setInterval(() => undefined, 1000);
}, 10);
