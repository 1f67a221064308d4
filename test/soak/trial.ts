import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { newestIn, tensorsOfNewest, unfinishedIn } from './folder.js';
import { carryOut, planKill, type KillPlan } from './killing.js';
import { readLog } from './log.js';
import { processesWith, startTraining } from './process.js';
import type { Outcome } from './protocol.js';
import type { Variation } from './variation.js';

/** What a training came to that nobody killed. */
export interface Reference {
  readonly outcome: Outcome;
  readonly events: readonly string[];
  readonly tensors: Readonly<Record<string, string>>;
  /** ms from its beginning to its end, and before that. */
  readonly trainingMs: number;
  readonly startingMs: number;
}

/** What a training came to that was killed, again and again. */
export interface Trial {
  readonly variation: Variation;
  readonly kills: readonly KillPlan['kind'][];
  readonly resumes: number;
  readonly killsDuringWrite: number;
  /** Unfinished folders of a killed process that the next one left where they were. */
  readonly leftovers: number;
  readonly orphans: number;
  readonly tornLines: number;
  /** Why it could not be resumed, or which checkpoint was lost. */
  readonly lost: readonly string[];
  /** What is not as without a kill. */
  readonly different: readonly string[];
}

export interface TrialOptions {
  readonly folder: string;
  readonly random: () => number;
  /** Asked before each kill: whether one more is wanted. */
  readonly takeKill: () => boolean;
  /** A kill that was taken and came too late. */
  readonly giveBackKill: () => void;
}

/** How long a child of a killed process may take to notice that nobody reads what it prints, ms. It prints every 50. */
const orphanMs = 3000;

/** A program that prints readings as nvidia-smi does, in a folder of its own: its path tells whose child it is. */
function pathFor(variation: Variation, folder: string): string {
  const path = process.env['PATH'] ?? '';
  if (!variation.hasGpu) return path;
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'nvidia-smi'), "#!/bin/sh\nwhile true; do echo '2026/01/31 12:00:00.123, 0, GPU-0, 50, 20, 1024, 24576, 120.50, 60, 1800, [N/A], NVIDIA GeForce RTX 4090'; sleep 0.05; done\n");
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
  return `${bin}:${path}`;
}

const readOutcome = (folder: string): Outcome => JSON.parse(readFileSync(join(folder, 'outcome.json'), 'utf8')) as Outcome;

/** @throws Error when the training fails without any kill */
export async function runReference(variation: Variation, folder: string): Promise<Reference> {
  mkdirSync(folder, { recursive: true });
  const child = startTraining(variation, folder, pathFor(variation, folder));
  await child.training;
  const training = performance.now();
  const { code, failure } = await child.ended;
  if (code !== 0) throw new Error(`the training of variation ${String(variation.number)} fails by itself: ${failure ?? `exit code ${String(code)}`}`);
  const { events } = readLog(join(folder, 'run.jsonl'), folder);
  return { outcome: readOutcome(folder), events, tensors: tensorsOfNewest(join(folder, 'checkpoints')), trainingMs: performance.now() - training, startingMs: training - child.began };
}

/** Kills a training at random moments and resumes it, until it is done or cannot be resumed; then compares. */
export async function runKilled(variation: Variation, reference: Reference, { folder, random, takeKill, giveBackKill }: TrialOptions): Promise<Trial> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const checkpoints = join(folder, 'checkpoints');
  const path = pathFor(variation, folder);
  const kills: KillPlan['kind'][] = [];
  const lost: string[] = [];
  let [resumes, killsDuringWrite, leftovers, orphans] = [0, 0, 0, 0];

  for (let isDone = false; !isDone && lost.length === 0; ) {
    const newest = newestIn(checkpoints);
    const unfinished = unfinishedIn(checkpoints);
    // Of a process that was killed when it was through: the next one is to come to it as well.
    rmSync(join(folder, 'outcome.json'), { force: true });
    const child = startTraining(variation, folder, path);
    const done = stepsIn(newest, variation, reference) / reference.outcome.steps;
    const plan = takeKill() ? planKill(random, reference.trainingMs * (1 - done), reference.startingMs) : undefined;
    const looking = child.training.then((said) => {
      if (said === undefined) return;
      if (said.resumed !== null) resumes += 1;
      if (said.resumed?.name !== newest?.name) lost.push(`resumed ${said.resumed?.name ?? 'nothing'}, though ${newest?.name ?? 'nothing'} was there${said.resumed === null ? '' : `; refused: ${said.resumed.refused.join(', ')}`}`);
      const still = unfinishedIn(checkpoints);
      leftovers += unfinished.filter((name) => still.includes(name)).length;
    });
    if (plan !== undefined && (await carryOut(plan, child, checkpoints))) {
      kills.push(plan.kind);
      if (plan.kind === 'asked') giveBackKill();
      await looking;
      if (unfinishedIn(checkpoints).some((name) => name.startsWith('.tmp-'))) killsDuringWrite += 1;
      orphans += await orphansOf(folder);
      continue;
    }
    if (plan !== undefined) giveBackKill();
    const { code, failure } = await child.ended;
    await looking;
    if (code === 0 && (await child.training) === undefined) lost.push('ended without going on with its training');
    else if (code === 0) isDone = true;
    else lost.push(`ended with ${String(code)}: ${failure ?? 'without a word'}`);
    orphans += await orphansOf(folder);
  }

  leftovers += unfinishedIn(checkpoints).length;
  const log = existsSync(join(folder, 'run.jsonl')) ? readLog(join(folder, 'run.jsonl'), folder) : undefined;
  const different = lost.length > 0 || log === undefined ? [] : [...log.gaps.map((seq) => `an event is missing at ${String(seq)}`), ...differences(reference, { outcome: readOutcome(folder), events: log.events, tensors: tensorsOfNewest(checkpoints) })];
  return { variation, kills, resumes, killsDuringWrite, leftovers, orphans, tornLines: log?.torn ?? 0, lost, different };
}

/** Steps that are done at a checkpoint: how much of the training is left to be killed. */
function stepsIn(newest: ReturnType<typeof newestIn>, { epochs }: Variation, { outcome }: Reference): number {
  if (newest === undefined) return 0;
  return Number.isFinite(newest.step) ? newest.step : Math.min(outcome.steps, (newest.epoch * outcome.steps) / epochs);
}

async function orphansOf(folder: string): Promise<number> {
  const until = performance.now() + orphanMs;
  while (processesWith(folder).length > 0 && performance.now() < until) await wait(50);
  return processesWith(folder).length;
}

/** What differs, with the first place where it does. */
export function differences(expected: Pick<Reference, 'outcome' | 'events' | 'tensors'>, found: Pick<Reference, 'outcome' | 'events' | 'tensors'>): readonly string[] {
  const compare = (what: string, a: unknown, b: unknown): readonly string[] => {
    const [before, now] = [JSON.stringify(a), JSON.stringify(b)];
    return before === now ? [] : [`${what}: ${now.slice(0, 300)} where it was ${before.slice(0, 300)}`];
  };
  const first = expected.events.findIndex((event, i) => event !== found.events[i]);
  const place = first >= 0 ? first : expected.events.length;
  return [
    ...compare('weights', expected.outcome.weights, found.outcome.weights),
    ...compare('tensors of the last checkpoint', expected.tensors, found.tensors),
    ...compare('history', expected.outcome.history, found.outcome.history),
    ...compare('metrics', expected.outcome.metrics, found.outcome.metrics),
    ...compare('end', [expected.outcome.reason, expected.outcome.stoppedBy, expected.outcome.steps], [found.outcome.reason, found.outcome.stoppedBy, found.outcome.steps]),
    ...compare('number of events', expected.events.length, found.events.length),
    ...(place < Math.max(expected.events.length, found.events.length) ? [firstDifference(place, expected.events[place] ?? 'nothing', found.events[place] ?? 'nothing')] : []),
  ];
}

/** Both events, from a little before the character in which they part. */
function firstDifference(place: number, before: string, now: string): string {
  let at = 0;
  while (at < before.length && before[at] === now[at]) at += 1;
  const from = Math.max(0, at - 120);
  return `event ${String(place + 1)}, ${before.slice(0, 60)}...: ...${now.slice(from, at + 120)} where it was ...${before.slice(from, at + 120)}`;
}

