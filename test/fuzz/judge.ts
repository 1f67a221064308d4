import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCodes, TrainscopeError } from 'trainscope';
import type { GuardedPlace } from './place.js';
import { Broken, type Target } from './target.js';

/** What no value may bring about. */
export class Crash extends Error {}

/** Memory that one run may take, in bytes: a hundred times what the largest value takes that is made here. */
const maxGrowth = 512 * 2 ** 20;

/** What all objects share. */
const shared: Readonly<Record<string, object>> = { Object: Object.prototype, Array: Array.prototype, Function: Function.prototype, String: String.prototype, Promise: Promise.prototype };
const ownKeys = new Map(Object.entries(shared).map(([name, prototype]) => [name, new Set(Reflect.ownKeys(prototype))]));

/** Keys that were put on prototypes; taken off again. */
function pollution(): readonly string[] {
  const found: string[] = [];
  for (const [name, prototype] of Object.entries(shared)) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (ownKeys.get(name)?.has(key) === true) continue;
      found.push(`${name}.prototype.${String(key)}`);
      Reflect.deleteProperty(prototype, key);
    }
  }
  return found;
}

/** Where in the library it was thrown, for telling one fault from another. */
const placeOf = (stack: string): string => /(?:src|plugins)\/[\w./-]+:\d+/.exec(stack)?.[0] ?? /at .*$/m.exec(stack)?.[0] ?? 'nowhere';

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `threw something that is no error (${typeof thrown})`;
  const [line = ''] = thrown.message.split('\n');
  return `${thrown.name}: ${line.slice(0, 200)} at ${placeOf(thrown.stack ?? '')}`;
}

const known: ReadonlySet<string> = new Set(errorCodes);

/** Why what was thrown is no refusal, or undefined when it is one. */
export function faultOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof TrainscopeError)) return thrown instanceof Broken ? `wrong result: ${thrown.message}` : describe(thrown);
  if (!known.has(thrown.code)) return `the code ${thrown.code} is not in errorCodes`;
  return thrown.message.trim() === '' || thrown.found.trim() === '' ? `an error ${thrown.code} without a message` : undefined;
}

/** What was thrown beside the call that a run waits for: by a promise that nobody awaits, by a callback. */
export class Strays {
  readonly #found: unknown[] = [];
  readonly #hear = (thrown: unknown): void => void this.#found.push(thrown);

  listen(): void {
    process.on('unhandledRejection', this.#hear);
    process.on('uncaughtException', this.#hear);
  }

  leave(): void {
    process.off('unhandledRejection', this.#hear);
    process.off('uncaughtException', this.#hear);
  }

  take(): readonly unknown[] {
    return this.#found.splice(0);
  }
}

/**
 * One run. @returns the code of the error that the value was refused with, or 'accepted'
 * @throws Crash
 */
export async function judge({ attempt }: Target, value: unknown, place: GuardedPlace, strays: Strays): Promise<string> {
  const rss = process.memoryUsage.rss();
  let outcome = 'accepted';
  const faults: string[] = [];
  try {
    await attempt(value, place);
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault !== undefined) faults.push(fault);
    else outcome = (thrown as TrainscopeError).code;
  }
  // Rejections that nobody hears are told at the end of a turn.
  await nextTurn();
  faults.push(...strays.take().map((thrown) => `beside the call: ${describe(thrown)}`));
  faults.push(...pollution().map((each) => `${each} was set`));
  faults.push(...place.written().map((file) => `${file.replace(/^.*trainscope-fuzz-[^/\\]*/, '')} was written, outside of the folder`));
  const growth = process.memoryUsage.rss() - rss;
  if (growth > maxGrowth) faults.push(`took ${Math.round(growth / 2 ** 20)} MiB`);
  if (faults.length > 0) throw new Crash(faults.join('; '));
  return outcome;
}
