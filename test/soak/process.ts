import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Said } from './protocol.js';
import type { Variation } from './variation.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = fileURLToPath(new URL('./child.ts', import.meta.url));

/** A process that trains. */
export interface TrainingProcess {
  readonly began: number;
  /** When the training began, or undefined when it ended before. */
  readonly training: Promise<Extract<Said, { at: 'training' }> | undefined>;
  /** When the fit has returned, or the process ended before. */
  readonly trained: Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly failure: string | null }>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** Begins the training of a variation in a folder, or goes on with it. @param path PATH of the process. */
export function startTraining(variation: Variation, folder: string, path: string): TrainingProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(variation), folder], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: path } });
  let failure: string | null = null;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors = `${errors}${chunk}`.slice(-4000)));
  let hear: (said: Extract<Said, { at: 'training' }> | undefined) => void = () => undefined;
  const training = new Promise<Extract<Said, { at: 'training' }> | undefined>((resolve) => (hear = resolve));
  let hearEnd: () => void = () => undefined;
  const trained = new Promise<void>((resolve) => (hearEnd = resolve));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if (said.at === 'training') hear(said);
    else if (said.at === 'ended') hearEnd();
    else failure = said.message;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; failure: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      hear(undefined);
      hearEnd();
      resolve({ code, signal, failure: failure ?? (code === 0 || signal !== null ? null : errors) });
    });
  });
  return { began: performance.now(), training, trained, ended, kill: (signal) => void child.kill(signal) };
}

/** Numbers of living processes whose command line holds the text. A zombie has none. */
export function processesWith(text: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry) || entry === String(process.pid)) return [];
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
