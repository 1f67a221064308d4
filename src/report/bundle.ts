import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
let bundle: string | undefined;

/**
 * The script of the page with its chart library. The published package has it ready; in a clone it is made at `npm ci`,
 * and again here when the page's sources are newer.
 */
export function pageBundle(): string {
  if (bundle !== undefined) return bundle;
  const file = at('page.bundle.js');
  const sources = at('page');
  const builder = at('../../scripts/build-page.mjs');
  if (existsSync(sources) && existsSync(builder)) {
    const newest = Math.max(...readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => statSync(`${sources}/${name}`).mtimeMs));
    if (!existsSync(file) || statSync(file).mtimeMs < newest) spawnSync(process.execPath, [builder], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  bundle = readFileSync(file, 'utf8');
  return bundle;
}
