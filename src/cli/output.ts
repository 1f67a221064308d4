import { encodeNumbers } from '../events/index.js';

/** What was to be told on standard output could not be. A pipe whose reader has gone ends a command as the signal for it would. */
export class OutputLost extends Error {
  override readonly name = 'OutputLost';
  readonly isClosed: boolean;

  constructor(cause: Error) {
    super(`standard output cannot be written to: ${cause.message}`, { cause });
    this.isClosed = 'code' in cause && cause.code === 'EPIPE';
  }
}

/** Writes all of it before the process may end: a pipe takes it in parts. @throws OutputLost */
export const writeOut = (text: string): Promise<void> =>
  new Promise((done, fail) => {
    process.stdout.write(text, (error) => {
      if (error == null) done();
      else fail(new OutputLost(error));
    });
  });

/** A stream that breaks is told where something is written to it, and not as an error that nobody handles. */
export function keepAlive(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** One JSON document on stdout; numbers that JSON does not have by their names. */
export const writeJson = (value: object): Promise<void> => writeOut(`${JSON.stringify(encodeNumbers(value), null, 2)}\n`);

/**
 * From now on what a script prints goes to stderr: stdout is for the result alone.
 * @returns what ends that
 */
export function stdoutToStderr(): () => void {
  const own = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return () => {
    process.stdout.write = own;
  };
}

/** What a terminal would act on: control characters, and those that turn the direction of writing (Unicode TR36, 2.10). */
const controls = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/** The same data, with nothing in its texts that a terminal would act on: a log may come from anywhere. */
export function withoutControls<T>(value: T): T {
  const plain = (each: unknown): unknown => {
    if (typeof each === 'string') return each.replaceAll(controls, '\uFFFD');
    if (Array.isArray(each)) return each.map(plain);
    if (typeof each === 'object' && each !== null) return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key.replaceAll(controls, '\uFFFD'), plain(inner)]));
    return each;
  };
  return plain(value) as T;
}

export const counted = (count: number, what: string): string => `${String(count)} ${what}${count === 1 ? '' : 's'}`;
