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

/** Steps before the clock starts in each turn: caches fill, and what is made at the first steps is made. */
const warmUp = 5;
const [fewest, most] = [12, 4_000];

const collect = (globalThis as { gc?: () => void }).gc;

async function take(name: ContenderName, turn: Omit<Turn, 'clock' | 'samples'>, steps: number): Promise<StepTime> {
  const clock = new StepClock(warmUp, steps);
  const samples = samplesFor(turn.model, steps * turn.model.batch);
  // What the one before left is not this one's to sweep up.
  collect?.();
  await contenders[name]({ ...turn, clock, samples });
  return clock.time;
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
    // The first round warms up.
    for (let round = -1; round < rounds; round += 1) {
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
