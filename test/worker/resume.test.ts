import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { memorySink, type TrainscopeEvent } from '../../src/index.js';
import { trainInWorker } from '../../src/worker/index.js';
import { temporaryFolder } from '../config/temporary-folder.js';
import { rejectionOf, training } from './training.js';
import type resumable from './trainings/resumable.js';
import type { ResumableData } from './trainings/resumable.js';

/** The losses of the steps, without those that a resume has superseded: of a higher seq than it goes on from, before it. */
function lossesOf(log: readonly TrainscopeEvent[]): readonly (readonly [number, unknown])[] {
  const valid = log.filter(({ seq }, at) => !log.some(({ event, data }, later) => event === 'resume' && later > at && seq > (data['seq'] as number)));
  return valid.filter(({ event }) => event === 'step').map(({ step, data }) => [step, data['loss']]);
}

it('a worker that is ended after step 13 and a new one that resumes give the weights and the log of one that ran through', async () => {
  const start = (data: ResumableData, sink = memorySink()) => ({ sink, run: trainInWorker<typeof resumable>(training('resumable.ts'), { data, sinks: [sink] }) });
  const folder = temporaryFolder();
  const through = start({ folder: join(folder, 'through') });
  const whole = await through.run.result;

  const ended = start({ folder: join(folder, 'ended'), holdAt: 13 });
  const rejection = rejectionOf(ended.run.result);
  // A checkpoint gets its name when all of it is written: that of step 10 is the last before 13.
  while (!existsSync(join(folder, 'ended', 'epoch-0003-step-00000010'))) await wait(20);
  while (!ended.sink.events.some(({ event, step }) => event === 'step' && step === 12)) await wait(20);
  await ended.run.terminate();
  expect(await rejection).toMatchObject({ code: 'WORKER_TERMINATED' });

  const resumed = start({ folder: join(folder, 'ended') });
  const rest = await resumed.run.result;
  expect(resumed.sink.events[0]).toMatchObject({ event: 'resume', data: { step: 10 } });
  expect([whole.steps, rest.steps]).toEqual([20, 20]);
  expect(rest.kernel).toEqual(whole.kernel);
  // The log that the main thread had holds all that the checkpoint counted on.
  const log = [...ended.sink.events, ...resumed.sink.events];
  expect(lossesOf(log)).toEqual(lossesOf(through.sink.events));
  expect(lossesOf(log).map(([step]) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  const goesOnFrom = resumed.sink.events[0]?.data['seq'] as number;
  expect(ended.sink.events.filter(({ seq }) => seq <= goesOnFrom)).toHaveLength(goesOnFrom);
});
