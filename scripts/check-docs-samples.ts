/**
 * Type-checks every TypeScript sample of README.md and docs/, and runs those marked ```ts run.
 * A sample stands alone, as a reader would paste it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Sample {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly runs: boolean;
}

const markdown = ['README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md')).map((file) => join('docs', file))];

function samplesOf(file: string): readonly Sample[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)].flatMap(({ 1: info = '', 2: code = '', index }) =>
    info.includes('no-check') ? [] : [{ file, line: text.slice(0, index).split('\n').length, code, runs: info.trim() === 'run' }],
  );
}

// Inside the project, so that `trainscope` resolves as it does for the examples.
const { compilerOptions: { paths } } = JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { compilerOptions: { paths: unknown } };
const folder = join('test', '.docs-samples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const samples = markdown.flatMap(samplesOf).map((sample, i) => ({ ...sample, path: join(folder, `sample-${String(i + 1)}.ts`) }));
for (const { path, file, line, code } of samples) writeFileSync(path, `// ${file}:${String(line)}\n${code}\nexport {};\n`);
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, paths, baseUrl: '../..', ignoreDeprecations: '6.0' }, include: ['*.ts'] }));

let failed = 0;
try {
  execFileSync('npx', ['--no-install', 'tsc', '-p', folder, '--noEmit'], { stdio: 'inherit' });
} catch {
  failed += 1;
}
for (const { path, file, line, runs } of samples) {
  if (!runs) continue;
  try {
    execFileSync('npx', ['--no-install', 'tsx', path], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 120_000 });
  } catch {
    console.error(`${file}:${String(line)}: the sample failed`);
    failed += 1;
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`docs samples: ${String(samples.length)} checked, ${String(samples.filter(({ runs }) => runs).length)} run, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : 1);
