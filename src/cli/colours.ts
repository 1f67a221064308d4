import { createColors } from 'picocolors';

/**
 * Whether what is printed may be coloured: on a terminal, or if FORCE_COLOR asks for it; NO_COLOR and --no-color hold
 * against both (no-color.org, force-color.org). Unlike picocolors' own answer, the variable CI is not a wish for colours:
 * what a build sends through a pipe is read by a program as anywhere else.
 */
export function coloursWanted(stream: { readonly isTTY?: boolean }, { env, argv }: Pick<NodeJS.Process, 'env' | 'argv'> = process): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: terminal } = env;
  if (no !== '' || argv.includes('--no-color')) return false;
  if (force !== '') return force !== '0';
  return stream.isTTY === true && terminal !== 'dumb';
}

/** What is printed on standard output is coloured with these. */
export const colours = createColors(coloursWanted(process.stdout));
