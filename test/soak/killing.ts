import { existsSync, mkdirSync, watch } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { TrainingProcess } from './process.js';
import { askedToEnd } from './protocol.js';

/**
 * When a process is killed: so many ms after its training began; at the first write of a checkpoint after that, and a
 * moment into it; or so many ms after its start, which may be while it reads the checkpoint that it resumes from; or when
 * its fit has ended, so that nothing is left to train. A few are asked to end by SIGTERM, so many ms after their training
 * began: they save what they have come to.
 */
export type KillPlan =
  | { readonly kind: 'training' | 'asked'; readonly after: number }
  | { readonly kind: 'writing'; readonly after: number; readonly into: number }
  | { readonly kind: 'starting'; readonly after: number }
  | { readonly kind: 'ended' };

/** How much of the kills is aimed at what: writes are short, and uniform moments would seldom meet one. */
const shares = { starting: 0.06, writing: 0.3, asked: 0.1, ended: 0.06 } as const;
/** A write of these checkpoints takes some ms, most of them in fsync. */
const longestInto = 6;

/** @param remaining ms of training that are left, by the run that was not killed. @param starting ms that a process takes to begin. */
export function planKill(random: () => number, remaining: number, starting: number): KillPlan {
  const kind = random();
  const after = random();
  if (kind < shares.starting) return { kind: 'starting', after: after * starting };
  if (kind < shares.starting + shares.writing) return { kind: 'writing', after: after * remaining, into: random() * longestInto };
  if (kind > 1 - shares.ended) return { kind: 'ended' };
  return { kind: kind < shares.starting + shares.writing + shares.asked ? 'asked' : 'training', after: after * remaining };
}

/** Carries the plan out. @returns whether the process ended by it, and not before. */
export async function carryOut(plan: KillPlan, child: TrainingProcess, checkpoints: string): Promise<boolean> {
  const ended = new AbortController();
  void child.ended.then(() => ended.abort());
  try {
    if (plan.kind !== 'starting') await child.training;
    if (plan.kind === 'ended') await child.trained;
    else await wait(plan.after, undefined, { signal: ended.signal });
    if (plan.kind === 'writing') {
      await nextWrite(checkpoints, ended.signal);
      await wait(plan.into, undefined, { signal: ended.signal });
    }
  } catch (error) {
    if (ended.signal.aborted) return false;
    throw error;
  }
  child.kill(plan.kind === 'asked' ? 'SIGTERM' : 'SIGKILL');
  const { code, signal } = await child.ended;
  // One that is through with its training hears no signal any more, and is ended by it.
  return plan.kind === 'asked' ? code === askedToEnd || signal === 'SIGTERM' : signal === 'SIGKILL';
}

/** Resolves when a folder for a checkpoint that is being written appears; rejects when the process has ended. */
async function nextWrite(checkpoints: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!existsSync(checkpoints)) mkdirSync(checkpoints, { recursive: true });
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(checkpoints, (_, name) => {
      if (name?.startsWith('.tmp-') !== true) return;
      watcher.close();
      resolve();
    });
    signal.addEventListener('abort', () => {
      watcher.close();
      reject(new Error('the process ended'));
    });
  });
}
