import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A folder in the project, so that its packages are found; with files by their names. */
export function projectFolder(prefix: string): { readonly folder: string; readonly file: (name: string, text: string) => string; readonly remove: () => void } {
  mkdirSync(join(root, 'out'), { recursive: true });
  const folder = mkdtempSync(join(root, 'out', prefix));
  return {
    folder: relative(root, folder),
    file: (name, text) => {
      writeFileSync(join(folder, name), text);
      return relative(root, join(folder, name));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
