import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shuffle } from 'simple-statistics';
import { contenderNames, contenders, type ContenderName, type Turn } from './contenders.js';
import { samplesFor, type BenchModel } from './models.js';
import { StepClock, type StepTime } from './step-clock.js';

export interface Comparison {
  readonly model: string;
  readonly backend: string;
  readonly optimizer: Turn['optimizer'];
  readonly steps: number;
  /** One a round, in the order of the rounds, the same for all. */
  readonly times: Readonly<Record<ContenderName, readonly StepTime[]>>;
}

export interface CompareOptions {
  readonly backend: string;
  readonly optimizer?: Turn['optimizer'];
  readonly rounds: number;
  /** What a turn of the bare loop is to take, ms. */
  readonly turnMs: number;
  readonly names?: readonly ContenderName[];
}

/** Steps of a turn, and those of them before its clock starts: caches fill, files are opened, what is made at the first steps is made. */
const [fewest, most] = [10, 4_000];
const warmUpOf = (steps: number): number => Math.max(3, Math.round(steps / 5));

/** Rounds before any counts: caches fill. */
const warmUpRounds = 2;

/** Steps after which no way of training got faster any more: until then it is mostly the compiler's work that is measured. */
const stepsToWarmUp = 2_500;

async function take(name: ContenderName, turn: Omit<Turn, 'clock' | 'samples'>, steps: number): Promise<StepTime> {
  const clock = new StepClock(warmUpOf(steps), steps);
  const samples = samplesFor(turn.model, steps * turn.model.batch);
  // The collector is not called: after a full collection by call the compiler begins anew, as it does in no training.
  await contenders[name]({ ...turn, clock, samples });
  return clock.time;
}

/** Lets the compiler see all ways of training, on a small model: a training is longer than its warm-up, and all run in one process. */
export async function warmUp(model: BenchModel, optimizer: Turn['optimizer']): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-bench-'));
  try {
    for (const name of contenderNames) await take(name, { model, optimizer, folder }, stepsToWarmUp);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All contenders on one model, in turns, each round in another order drawn by chance. */
export async function compare(model: BenchModel, { backend, optimizer = 'adam', rounds, turnMs, names = contenderNames }: CompareOptions): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-bench-'));
  try {
    const turn = { model, optimizer, folder };
    // Three times: the first runs are mostly the compiler's.
    let { wall } = await take('bare loop', turn, fewest);
    for (let i = 0; i < 2; i += 1) ({ wall } = await take('bare loop', turn, Math.max(fewest, Math.min(most, Math.round(turnMs / wall)))));
    const steps = Math.max(fewest, Math.min(most, Math.round(turnMs / wall)));
    const times = Object.fromEntries(names.map((name): [ContenderName, StepTime[]] => [name, []])) as Record<ContenderName, StepTime[]>;
    for (let round = -warmUpRounds; round < rounds; round += 1) {
      for (const name of shuffle([...names], Math.random)) {
        const time = await take(name, turn, steps);
        if (round >= 0) times[name].push(time);
      }
    }
    return { model: model.name, backend, optimizer, steps, times };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
