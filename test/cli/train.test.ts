import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { projectFolder, root } from './project-folder.js';
import { trainscope } from './trainscope.js';

const { folder, file, remove } = projectFolder('train-');
afterAll(remove);

interface Result {
  readonly reason: string;
  readonly steps: number;
  readonly history: readonly { readonly epoch: number }[];
  readonly events: string;
  readonly report: string | null;
  readonly findings: readonly { readonly rule: string }[];
}
interface Line {
  readonly event: string;
  readonly seq: number;
  readonly step: number;
  readonly epoch: number;
  readonly plugin: string | null;
  readonly data: { readonly configuration?: { readonly optimizer?: unknown; readonly seed?: unknown; readonly plugins?: readonly { readonly name: string; readonly options: { readonly every?: number } }[] } };
}
const resultOf = (stdout: string): Result => JSON.parse(stdout) as Result;
const linesOf = (path: string): readonly Line[] => readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Line);

/** y = 2x - 1 at 64 places: at a batch of 16 an epoch has 4 steps. */
const experiment = (more: string, before = ''): string => `
  import { layers, sequential } from '@tensorflow/tfjs-layers';
  import { defineExperiment } from 'trainscope/diagnosis';
  import { definePlugin } from 'trainscope/plugin';
  import { gradientNorm } from 'trainscope/plugins';
  ${before}
  const xs = Array.from({ length: 64 }, (_, i) => [i / 32 - 1]);
  console.log('the script speaks', process.argv.slice(2).join());
  export default () => defineExperiment({
    model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
    loss: 'meanSquaredError', optimizer: 'sgd', backend: 'cpu',
    data: { inputs: xs, labels: xs.map(([x = 0]) => [2 * x - 1]) },
    fit: { epochs: 5, batchSize: 16 },
    ${more}
  });`;

const plain = file('plain.ts', experiment('plugins: [gradientNorm({ every: 2 })],'));

describe('trainscope train', () => {
  test('an argument wins over the file, and the file over the script; stdout has one document', async () => {
    const config = file('run.yaml', 'seed: 3\nfit: { epochs: 4 }\nplugins: [{ gradientNorm: { every: 4 } }, weightNorm]\n');
    const out = join(folder, 'a');
    const { code, stdout, stderr } = await trainscope('train', plain, '--config', config, '--set', 'fit.epochs=3', '--set', 'optimizer.learningRate=0.25', '--set', 'plugins.gradientNorm.every=1', '--epochs', '2', '--out', out, '--report', '--json', '--', 'x', 'y');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('the script speaks x,y');
    const { reason, steps, history, events, report } = resultOf(stdout);
    // 2 epochs of 64 / 16 steps.
    expect({ reason, steps, epochs: history.length }).toEqual({ reason: 'completed', steps: 8, epochs: 2 });
    expect(events).toBe(join(root, out, 'events.ndjson'));
    expect(readFileSync(report ?? '', 'utf8')).toContain('</html>');
    const lines = linesOf(events);
    expect(lines.at(-1)?.event).toBe('run-end');
    expect(lines.filter(({ event }) => event === 'gradient-norm').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { configuration } = lines.find(({ event }) => event === 'run-start')?.data ?? {};
    expect(configuration?.optimizer).toMatchObject({ name: 'sgd', learningRate: 0.25 });
    expect(configuration?.seed).toBe(3);
    expect(configuration?.plugins?.map(({ name }) => name).toSorted()).toEqual(['gradientNorm', 'seed', 'weightNorm']);
  });

  test('--log stdout: every line there is an event, and what people read is on stderr', async () => {
    const { code, stdout, stderr } = await trainscope('train', plain, '--log', 'stdout', '--out', join(folder, 'b'), '--epochs', '1');
    expect(code).toBe(0);
    const events = stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as Line).event);
    expect(events[0]).toBe('run-start');
    expect(events.at(-1)).toBe('run-end');
    expect(stderr).toContain('completed; 4 steps');
  });

  test('a finding that --fail-on asks for ends with 1; without it a training that came to its end is fine', async () => {
    const script = file('found.ts', experiment("plugins: [definePlugin({ name: 'finder', summary: 'Finds.', role: 'observe', hooks: () => ({ stepEnd: (_, ctx) => { if (ctx.step === 1) ctx.finding({ rule: 'found-it', severity: 'warning', message: 'it is there', remedy: 'Look.' }); } }) })()],"));
    const [never, warning, error] = await Promise.all([trainscope('train', script, '--out', join(folder, 'c1')), trainscope('train', script, '--out', join(folder, 'c2'), '--fail-on', 'warning'), trainscope('train', script, '--out', join(folder, 'c3'), '--fail-on', 'error')]);
    expect(never.stdout).toContain('warning found-it: it is there');
    expect([never.code, warning.code, error.code]).toEqual([0, 1, 0]);
  });

  test('one that fails on the way ends with 3, with the reason, and its report is written', async () => {
    const script = file('broken.ts', experiment("plugins: [definePlugin({ name: 'breaker', summary: 'Breaks.', role: 'steer', hooks: () => ({ stepEnd: (_, ctx) => { if (ctx.step === 6) throw new Error('the cable came off'); } }) })()],"));
    const out = join(folder, 'd');
    const { code, stdout, stderr } = await trainscope('train', script, '--out', out, '--report', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PLUGIN_FAILED' } });
    expect(stderr).toContain('the cable came off');
    expect(stderr).toContain(`${join(out, 'report.html')} shows how it went`);
    expect(existsSync(join(root, out, 'report.html'))).toBe(true);
  });

  test.each([
    ['a setting that is not known', [plain, '--set', 'fit.epohcs=3'], 'CONFIG_INVALID', 'did you mean "epochs"?'],
    ['a config that is not there', [plain, '--config', 'nowhere.yaml'], 'CONFIG_NOT_FOUND', 'nowhere.yaml does not exist'],
    ['a script that is not there', [join(folder, 'plan.ts')], 'SCRIPT_NOT_FOUND', 'Did you mean "plain.ts"?'],
    ['a script that throws', [file('throws.ts', "\nthrow new Error('its own');")], 'SCRIPT_FAILED', 'throws.ts:2'],
    ['no training in it', [file('empty.ts', 'export const x = 1;')], 'SCRIPT_NO_TRAINING', 'defineExperiment'],
    ['data that no training takes', [file('nan.ts', experiment("data: { inputs: [[1], [NaN]], labels: [[1], [2]] },")), '--out', join(folder, 'e')], 'DATA_NOT_FINITE', 'NaN'],
    ['a checkpoint that is not there', [plain, '--resume', join(folder, 'nothing')], 'CHECKPOINT_NOT_FOUND', 'there is no'],
    ['two things for one stdout', [plain, '--log', 'stdout'], 'OPTIONS_INVALID', 'one of them has stdout'],
    ['no number of epochs', [plain, '--epochs', '0'], 'OPTIONS_INVALID', 'at least 1'],
  ] as const)('%s: code 2, told on stderr and as JSON, and no folder is left', async (_, args, code, message) => {
    const ran = await trainscope('train', ...args, '--json');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
    expect((JSON.parse(ran.stdout) as { error: { code: string } }).error.code).toBe(code);
    expect(existsSync(join(root, 'runs'))).toBe(false);
  });

  test('a script that trains by itself is run as it is, and takes no settings', async () => {
    const script = file(
      'itself.ts',
      `import { layers, sequential } from '@tensorflow/tfjs-layers';
       import { Trainer } from 'trainscope';
       const trainer = new Trainer({ backend: 'cpu', model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError' });
       const { steps } = await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] });
       console.log('steps', steps);
       process.exitCode = 7;`,
    );
    const [alone, set] = await Promise.all([trainscope('train', script), trainscope('train', script, '--set', 'fit.epochs=3')]);
    expect(alone).toMatchObject({ code: 7, stdout: 'steps 1\n' });
    expect(set.code).toBe(2);
    expect(set.stderr).toContain('trains by itself, and --set is given');
    expect(set.stdout).toBe('');
  });
});

test('Ctrl-C ends it after the step with 130, and --resume goes on with its run to the end', async () => {
  const script = file('long.ts', experiment("plugins: [definePlugin({ name: 'slow', summary: 'Waits.', role: 'steer', hooks: () => ({ stepEnd: () => new Promise((done) => setTimeout(done, 20)) }) })()],"));
  const out = join(folder, 'long');
  const log = join(root, out, 'events.ndjson');
  const args = ['--set', 'plugins.checkpoint.every={ epochs: 1 }', '--set', 'logEvery=1'];
  const child = spawn(process.execPath, [join(root, 'bin/trainscope.js'), 'train', script, '--out', out, '--epochs', '500', ...args], { cwd: root, stdio: 'ignore' });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('"event":"epoch-end"')) await sleep(50);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  const before = linesOf(log);
  const stopped = before.at(-1);
  expect(stopped).toMatchObject({ event: 'run-end', data: { reason: 'aborted' } });
  expect(readdirSync(join(root, out, 'checkpoints')).length).toBeGreaterThan(0);
  const epochs = (stopped?.epoch ?? 0) + 2;
  const { code, stdout } = await trainscope('train', script, '--resume', out, '--epochs', String(epochs), ...args, '--json');
  expect(code).toBe(0);
  // Four steps an epoch, those before the signal counted.
  expect(resultOf(stdout).steps).toBe(4 * epochs);
  expect(linesOf(log).filter(({ event }) => event === 'resume')).toHaveLength(1);
});
