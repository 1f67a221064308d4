/**
 * Type-checks every TypeScript sample of README.md and docs/, and runs those marked ```ts run.
 * A sample stands alone, as a reader would paste it. With --show, what the samples print is shown.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPage } from './docs/pages.js';
import { allSamples, filesOf } from './docs/samples.js';

const show = process.argv.includes('--show');

// Inside the project, so that `trainscope` resolves as it does for the examples. Each sample has a folder of its own, with
// the files that its page shows, and runs there: what it writes goes with the folder.
const folder = join('test', '.docs-samples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const samples = allSamples()
  .filter(({ mark }) => mark !== 'no-check')
  .map((sample, i) => ({ ...sample, place: join(folder, `sample-${String(i + 1)}`) }));
for (const { place, code, page } of samples) {
  mkdirSync(place);
  writeFileSync(join(place, 'sample.ts'), `${code}\nexport {};\n`);
  for (const { name, text } of filesOf(readPage(page))) writeFileSync(join(place, name), text);
}
const { paths } = (JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: { paths: Readonly<Record<string, readonly string[]>> } }).compilerOptions;
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    // A sample may leave a variable unused that its reader will use.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, paths: Object.fromEntries(Object.entries(paths).map(([name, [file = '']]) => [name, [join('../..', file)]])) },
    include: ['*/*.ts'],
  }),
);

/** Places in the samples as places in the pages: `docs/data.md:31`. */
const inPages = (text: string): string =>
  text.replaceAll(/[^\s(]*sample-(\d+)\/sample\.ts(?:\((\d+),\d+\)|:(\d+):\d+)/g, (whole, number: string, line?: string, other?: string) => {
    const sample = samples[Number(number) - 1];
    return sample === undefined ? whole : `${sample.page}:${String(sample.line + Number(line ?? other) - 1)}`;
  });

const failures: string[] = [];
const tsx = fileURLToPath(import.meta.resolve('tsx'));
const types = spawnSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder, '--noEmit'], { encoding: 'utf8' });
if (types.status !== 0) failures.push(inPages(`${types.stdout}${types.stderr}`));
for (const { place, page, line, mark } of samples) {
  if (mark !== 'run') continue;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', tsx, 'sample.ts'], { cwd: place, encoding: 'utf8', timeout: 120_000 });
  if (show) console.log(`--- ${page}:${String(line)}\n${stdout}`);
  if (status !== 0) failures.push(`${page}:${String(line)}: the sample failed${error === undefined ? '' : ` (${error.message})`}\n${inPages(stderr)}`);
}
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.error(failure);
console.log(`docs samples: ${String(samples.length)} checked, ${String(samples.filter(({ mark }) => mark === 'run').length)} run, ${String(failures.length)} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
