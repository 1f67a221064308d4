import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The place in the code that made a tensor. */
export interface Site {
  /** `file:line:column`, relative to the working directory where it lies in it; null where no place is known. */
  readonly place: string | null;
  /** Name of the function; null at the top of a file. */
  readonly function: string | null;
}

interface Frame {
  readonly function: string | null;
  readonly file: string;
  readonly at: string;
  readonly kind: 'engine' | 'loop' | 'own' | 'library' | 'user';
}

/** Where the package lies: this file is two folders below. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const tensorflow = new RegExp(`[\\\\/]@tensorflow[\\\\/]tfjs-(core|backend|node)|tfjs-core[\\\\/]src[\\\\/]|tfjs-backend-[a-z]+[\\\\/]src[\\\\/]|[\\\\/]node_modules[\\\\/]tslib[\\\\/]`);

function kindOf(file: string): Frame['kind'] {
  if (file.startsWith('node:') || file.startsWith('native') || tensorflow.test(file)) return 'engine';
  if (file.startsWith(root)) {
    const inside = file.slice(root.length).split(sep).join('/');
    if (inside.startsWith('src/backend/') || inside.startsWith('plugins/leak-watch')) return 'engine';
    if (inside.startsWith('src/')) return 'loop';
    if (inside.startsWith('plugins/')) return 'own';
  }
  // Sources that a map names by themselves, as those of tfjs-layers, have no path from the root.
  return /[\\/]node_modules[\\/]/.test(file) || /^(\.\.[\\/])*tfjs-[a-z]+[\\/]src[\\/]/.test(file) ? 'library' : 'user';
}

/** `at name (file:line:column)` and `at file:line:column`, as V8 writes them. */
const frameLine = /^\s*at (?:async )?(?:(.+?) \()?((?:[a-z]+:\/\/)?[^()]+?):(\d+):(\d+)\)?$/;

const frameOf = (line: string): Frame | undefined => {
  const [, name, where = '', row = '', column = ''] = frameLine.exec(line) ?? [];
  if (where === '') return undefined;
  // What a bundler or a test runner adds behind a question mark is no part of the file's name.
  const file = (where.startsWith('file://') ? fileURLToPath(where) : where).replace(/\?.*$/, '');
  const own = name?.replace(/^(new |async )/, '').replace(/^Object\./, '').replace(/ \[as .*\]$/, '');
  return { function: own === undefined || own === '<anonymous>' ? null : own, file, at: `${row}:${column}`, kind: kindOf(file) };
};

const siteOf = ({ file, at, function: name }: Frame): Site => {
  const local = relative(process.cwd(), file);
  return { place: `${local.startsWith('..') ? file : local.split(sep).join('/')}:${at}`, function: name };
};

/**
 * Who made the tensor of a stack: the first frame of the user's own code, before the loop of the trainer that called it;
 * where there is none, that of the plugin or library next to TensorFlow.js.
 */
export function siteFrom(stack: string): Site {
  let other: Frame | undefined;
  for (const line of stack.split('\n')) {
    const frame = frameOf(line);
    if (frame === undefined || frame.kind === 'engine') continue;
    if (frame.kind === 'user') return siteOf(frame);
    other ??= frame;
    if (frame.kind === 'loop') break;
  }
  return other === undefined ? { place: null, function: null } : siteOf(other);
}
