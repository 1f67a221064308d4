import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { chooseBackend } from 'trainscope';
import type { Job } from './jobs.js';
import { judge, type Verdict } from './verdict.js';

export interface WorkOptions {
  readonly milliseconds: number;
  readonly train: boolean;
}

const isWorker = process.argv[1] === fileURLToPath(import.meta.url);

/** Judges jobs in so many processes, each of which takes the next one when it is done. */
export async function judgeAll(jobs: readonly Job[], workers: number, options: WorkOptions, tell: (verdict: Verdict) => void): Promise<void> {
  const waiting = [...jobs];
  const run = async (): Promise<void> => {
    // Processes last for some jobs only: what one of them leaves behind does not slow down the others.
    let child: ChildProcess | undefined;
    let done = 0;
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      // JSON would make null of NaN, which a score may be: hence the other serialization.
      child ??= fork(fileURLToPath(import.meta.url), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
      child.send({ job, options });
      const answered = new AbortController();
      const { signal } = answered;
      const answer = await Promise.race([once(child, 'message', { signal }).then(([message]) => message as Verdict), once(child, 'exit', { signal }).then(() => undefined)]);
      // Whichever of the two did not come is not waited for any longer.
      answered.abort();
      if (answer === undefined) {
        // It counts, as one in which nothing was found.
        tell(brokenOff(job));
        child = undefined;
        continue;
      }
      tell(answer);
      done += 1;
      if (done % jobsPerProcess === 0) {
        child.disconnect();
        child = undefined;
      }
    }
    if (child?.connected === true) child.disconnect();
  };
  await Promise.all(Array.from({ length: workers }, run));
}
const jobsPerProcess = 40;

const brokenOff = (job: Job): Verdict => ({
  job,
  found: job.type === 'fault' ? false : null,
  top: job.type === 'fault' ? false : null,
  topRule: null,
  step: null,
  rules: [],
  messages: [],
  all: [],
  score: NaN,
  reachesReference: false,
  steps: 0,
  seconds: { preflight: NaN, training: NaN },
  broke: 'its process ended',
});

if (isWorker && process.send !== undefined) {
  await chooseBackend('wasm');
  process.on('message', ({ job, options }: { readonly job: Job; readonly options: WorkOptions }) => {
    void judge(job, options).then(
      (verdict) => process.send?.(verdict),
      (error: unknown) => {
        console.error(job, error);
        process.exit(1);
      },
    );
  });
}
