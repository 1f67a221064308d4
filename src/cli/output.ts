import { encodeNumbers } from '../events/index.js';

/** Writes all of it before the process may end: a pipe takes it in parts. */
export const writeOut = (text: string): Promise<void> =>
  new Promise((done) => {
    process.stdout.write(text, () => done());
  });

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

export const counted = (count: number, what: string): string => `${String(count)} ${what}${count === 1 ? '' : 's'}`;
