import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './target.js';

/** A place for runs: a folder that they may write, and a tree around it that must stay as it is. */
export interface GuardedPlace extends Place {
  /** What was written beside the folder since the last look; put back, so that the next run begins as this one did. */
  readonly written: () => readonly string[];
  readonly remove: () => void;
}

/** Runs of a config file's plugin that writes where it must not. */
const evil = (file: string): string => `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(file)}, 'ran');\n`;

export function guardedPlace(): GuardedPlace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'trainscope-fuzz-')));
  const folder = join(root, 'upper', 'place');
  const outside = join(root, 'outside');
  const guarded: Readonly<Record<string, string>> = {
    [join(outside, 'x')]: 'x',
    [join(outside, 'evil.mjs')]: evil(join(outside, 'ran')),
    [join(root, 'x')]: 'x',
    [join(root, 'upper', 'x')]: 'x',
  };
  const folders = [root, join(root, 'upper'), outside];
  mkdirSync(folder, { recursive: true });
  mkdirSync(outside);
  for (const [file, text] of Object.entries(guarded)) writeFileSync(file, text);
  symlinkSync(outside, join(folder, 'out'));
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  symlinkSync(join(outside, 'nowhere'), join(folder, 'dangling'));
  symlinkSync(join(outside, 'evil.mjs'), join(folder, 'evil.mjs'));
  writeFileSync(join(folder, 'no-plugin.mjs'), 'export const x = 1;\n');
  writeFileSync(join(folder, 'broken.mjs'), 'export const = ;\n');
  writeFileSync(join(folder, 'throws.mjs'), "throw Object.create(null);\n");

  const names = new Map(folders.map((each) => [each, readdirSync(each).join('/')]));
  const stamp = (): string => [...folders, ...Object.keys(guarded)].map((each) => String(lstatSync(each, { bigint: true, throwIfNoEntry: false })?.mtimeNs)).join();
  let before = stamp();
  return {
    folder,
    written() {
      // Times tell it at once; only when one has changed the names and texts are read.
      if (stamp() === before) return [];
      const found: string[] = [];
      for (const [each, own] of names) {
        for (const name of readdirSync(each)) {
          if (own.split('/').includes(name)) continue;
          found.push(join(each, name));
          rmSync(join(each, name), { recursive: true, force: true });
        }
      }
      for (const [file, text] of Object.entries(guarded)) {
        if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === true && readFileSync(file, 'utf8') === text) continue;
        found.push(file);
        mkdirSync(outside, { recursive: true });
        writeFileSync(file, text);
      }
      before = stamp();
      return found;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
