/**
 * Type-checks every TypeScript sample of README.md and docs/, and runs those marked ```ts run.
 * A sample stands alone, as a reader would paste it. With --show, what the samples print is shown.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSamples } from './docs/samples.js';

const show = process.argv.includes('--show');

// Inside the project, so that `trainscope` resolves as it does for the examples.
const folder = join('test', '.docs-samples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const samples = allSamples()
  .filter(({ mark }) => mark !== 'no-check')
  .map((sample, i) => ({ ...sample, path: join(folder, `sample-${String(i + 1)}.ts`) }));
for (const { path, code } of samples) writeFileSync(path, `${code}\nexport {};\n`);
const { paths } = (JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: { paths: Readonly<Record<string, readonly string[]>> } }).compilerOptions;
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.json',
    // A sample may leave a variable unused that its reader will use.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, paths: Object.fromEntries(Object.entries(paths).map(([name, [file = '']]) => [name, [join('../..', file)]])) },
    include: ['*.ts'],
  }),
);

/** Places in the samples as places in the pages: `docs/data.md:31`. */
const inPages = (text: string): string =>
  text.replaceAll(/[^\s(]*sample-(\d+)\.ts(?:\((\d+),\d+\)|:(\d+):\d+)/g, (whole, number: string, line?: string, other?: string) => {
    const sample = samples[Number(number) - 1];
    return sample === undefined ? whole : `${sample.page}:${String(sample.line + Number(line ?? other) - 1)}`;
  });

const failures: string[] = [];
const types = spawnSync(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder, '--noEmit'], { encoding: 'utf8' });
if (types.status !== 0) failures.push(inPages(`${types.stdout}${types.stderr}`));
for (const { path, page, line, mark } of samples) {
  if (mark !== 'run') continue;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['--import', 'tsx', path], { encoding: 'utf8', timeout: 120_000 });
  if (show) console.log(`--- ${page}:${String(line)}\n${stdout}`);
  if (status !== 0) failures.push(`${page}:${String(line)}: the sample failed${error === undefined ? '' : ` (${error.message})`}\n${inPages(stderr)}`);
}
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.error(failure);
console.log(`docs samples: ${String(samples.length)} checked, ${String(samples.filter(({ mark }) => mark === 'run').length)} run, ${String(failures.length)} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
