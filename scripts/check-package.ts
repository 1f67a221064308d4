/**
 * What a user installs: packs the built package, checks it with publint and arethetypeswrong, installs it into an empty
 * folder, imports every entry and trains a step, and trains the project that `trainscope init` writes; and looks that there is one copy of tfjs-core with any optional peer.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const run = (command: string, args: readonly string[], cwd = '.'): string => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const folder = mkdtempSync(join(tmpdir(), 'trainscope-package-'));
try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder])) as { filename: string; size: number; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack made no package');
  // Packed once, since packing builds: all look at the same file.
  const tarball = resolve(folder, packed.filename);
  run('npx', ['--no-install', 'publint', 'run', tarball, '--strict']);
  run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only']);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'a-user', private: true, type: 'module' }));
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', tarball], folder);
  const entries = Object.keys((JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> }).exports).filter((entry) => !entry.endsWith('.json'));
  writeFileSync(
    join(folder, 'use.js'),
    `${entries.map((entry) => `await import('trainscope${entry.slice(1)}');`).join('\n')}
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { gradientNorm, seed } from 'trainscope/plugins';
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [seed({ seed: 1 }), gradientNorm({ every: 1 })],
});
const { reason, steps } = await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] });
await trainer.dispose();
if (reason !== 'completed' || steps !== 1) throw new Error(reason);
`,
  );
  run('node', ['use.js'], folder);
  // In a worker thread, and from TypeScript: of the package this has parts that the sources do not use.
  writeFileSync(
    join(folder, 'experiment.ts'),
    `import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { defineTraining } from 'trainscope/worker';
export default defineTraining<number>(({ sink, signal, data }) => {
  const model = () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
  return new Trainer({ model, loss: 'meanSquaredError', sinks: [sink] }).fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: data, signal });
});
`,
  );
  writeFileSync(
    join(folder, 'use-worker.js'),
    `import { trainInWorker } from 'trainscope/worker';
const training = trainInWorker(new URL('./experiment.ts', import.meta.url), { data: 2 });
let epochs = 0;
training.on('epoch-end', () => (epochs += 1));
const { reason, steps } = await training.result;
if (reason !== 'completed' || steps !== 2 || epochs !== 2) throw new Error(reason);
`,
  );
  run('node', ['use-worker.js'], folder);
  writeFileSync(
    join(folder, 'numbers.loader.ts'),
    `import { defineLoader } from 'trainscope/loader';
export default defineLoader(({ count }: { count: number }) => ({ count, sample: (index) => ({ inputs: [index], labels: [2 * index] }) }));
`,
  );
  writeFileSync(
    join(folder, 'use-loader.js'),
    `import { loadInWorkers } from 'trainscope/loader';
const data = await loadInWorkers({ module: new URL('./numbers.loader.ts', import.meta.url), options: { count: 5 }, batchSize: 2, workers: 2, shuffle: false });
const sizes = [];
for await (const { inputs } of data(0)) sizes.push(inputs.shape[0]);
await data.close();
if (sizes.join() !== '2,2,1') throw new Error(sizes.join());
`,
  );
  run('node', ['use-loader.js'], folder);
  // The project to begin with, as a user has it: its types are sound, and it trains without a finding of weight.
  const starter = join(folder, 'starter');
  run('npx', ['--no-install', 'trainscope', 'init', 'starter', '--trainscope', `file:${tarball}`], folder);
  run('npm', ['install', '--silent', '--no-audit', '--no-fund'], starter);
  run('npm', ['run', '--silent', 'types'], starter);
  run('npx', ['--no-install', 'trainscope', 'train', 'experiment.ts', '--config', 'run.yaml', '--epochs', '5', '--report', '--fail-on', 'warning'], starter);
  for (const peer of ['@tensorflow/tfjs', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu']) {
    run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--package-lock-only', '--ignore-scripts', peer], folder);
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as { packages: Record<string, unknown> };
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith('node_modules/@tensorflow/tfjs-core'));
    if (copies.length !== 1) throw new Error(`with ${peer} there are ${String(copies.length)} copies of tfjs-core: ${copies.join(', ')}`);
    run('npm', ['uninstall', '--silent', '--no-audit', '--no-fund', '--package-lock-only', peer], folder);
  }
  console.log(`package: ${String(packed.files.length)} files, ${String(Math.round(packed.size / 1024))} KiB, ${String(entries.length)} entries imported, one tfjs-core with each peer`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
