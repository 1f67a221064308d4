import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person does, as a process of its own. */
export const trainscope = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin/trainscope.js'), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const script = (text: string): string => {
  // In the project, so that its packages are found.
  mkdirSync(join(root, 'out'), { recursive: true });
  const folder = mkdtempSync(join(root, 'out/check-'));
  folders.push(folder);
  const file = join(folder, 'train.ts');
  writeFileSync(file, text);
  return file;
};

describe('trainscope check', () => {
  test('a first fit of a script is looked at and not run; what the script prints goes to stderr', async () => {
    const file = script(`
      import { layers, sequential } from '@tensorflow/tfjs-layers';
      import { Trainer } from 'trainscope';
      console.log('begins', process.argv.slice(2).join());
      const xs = Array.from({ length: 100 }, (_, i) => [i / 50 - 1]);
      const trainer = new Trainer({ model: () => sequential({ layers: [layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1] })] }), loss: 'meanSquaredError' });
      await trainer.fit({ inputs: xs, labels: xs.map(([x = 0]) => [10 * x]) });
      console.log('never here');
    `);
    const { code, stdout, stderr } = await trainscope('check', file, '--json', '--only', 'loss-fit', '--', 'a', 'b');
    const result = JSON.parse(stdout) as { findings: { rule: string; severity: string }[] };
    expect(result.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['output-range', 'error']]);
    expect(stderr).toContain('begins a,b');
    expect(stderr).not.toContain('never here');
    expect(code).toBe(1);
  });

  test('--fail-on never ends with 0 whatever was found', async () => {
    const { code, stdout } = await trainscope('check', 'examples/broken/sigmoid-for-prices.ts', '--only', 'loss-fit', '--fail-on', 'never');
    expect(stdout).toContain('output-range');
    expect(code).toBe(0);
  });

  test.each([
    ['no file', ['check', 'nowhere.ts'], 'there is no file nowhere.ts'],
    ['no training', ['check', script('export const x = 1;')], 'has no training'],
    ['a script that throws', ['check', script("throw new Error('its own');")], 'its own'],
    ['an unknown check', ['check', 'x.ts', '--only', 'loss-fitt'], 'There is no check "loss-fitt"'],
    ['an unknown command', ['chek'], 'unknown command'],
  ] as const)('%s: code 2, and it says so', async (_, args, message) => {
    const { code, stdout, stderr } = await trainscope(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('data that no training takes is a finding with the text of the error', async () => {
    const file = script(`
      import { layers, sequential } from '@tensorflow/tfjs-layers';
      export default { model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError', data: { inputs: [[1], [NaN]], labels: [[1], [2]] } };
    `);
    const { code, stdout } = await trainscope('check', file);
    expect(stdout).toContain('data-not-finite');
    expect(stdout).toContain('errors.md#data_not_finite');
    expect(code).toBe(1);
  });
});

describe('a fit that is found', () => {
  const bad = `
    import { layers, sequential } from '@tensorflow/tfjs-layers';
    import { Trainer } from 'trainscope';
    const xs = Array.from({ length: 100 }, (_, i) => [i / 50 - 1]);
    const trainer = new Trainer({ model: () => sequential({ layers: [layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1] })] }), loss: 'meanSquaredError' });
    const train = () => trainer.fit({ inputs: xs, labels: xs.map(([x = 0]) => [10 * x]) });`;

  test.each([
    ['nobody awaits', `${bad}\ntrain().then(() => console.log('never'));`],
    ['comes after a timer', `${bad}\nsetTimeout(() => { void train(); }, 300);`],
    ['is tfjs-layers\' own', `
      import * as tf from '@tensorflow/tfjs-core';
      import { layers, sequential } from '@tensorflow/tfjs-layers';
      import { chooseBackend } from 'trainscope';
      await chooseBackend('cpu');
      const model = sequential({ layers: [layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1] })] });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
      const x = tf.linspace(-1, 1, 100);
      await model.fit(tf.reshape(x, [100, 1]), tf.reshape(tf.mul(x, 10), [100, 1]), { epochs: 2, validationSplit: 0.2, verbose: 0 });
      console.log('never');`],
  ])('when it %s', async (_, text) => {
    const { code, stdout, stderr } = await trainscope('check', script(text), '--only', 'loss-fit');
    expect(stdout).toContain('output-range');
    expect(stderr).not.toContain('has no training');
    expect(stderr).not.toContain('never');
    expect(code).toBe(1);
  });

  test('a plugin that needs validation data is told before, as the fit would tell it', async () => {
    const { code, stdout } = await trainscope('check', script(bad.replace("loss: 'meanSquaredError'", "loss: 'meanSquaredError', plugins: [earlyStopping({ monitor: 'val_loss' })]").replace("import { Trainer }", "import { earlyStopping } from 'trainscope/plugins';\nimport { Trainer }") + '\nawait train();'));
    expect(stdout).toContain('plugin-requires');
    expect(code).toBe(1);
  });

  test('an error of the script comes with its line', async () => {
    const { code, stderr } = await trainscope('check', script('const a: { b?: { c: number } } = {};\nconsole.log(a.b!.c);'));
    expect(stderr).toMatch(/train\.ts:2/);
    expect(code).toBe(2);
  });
});

test('settings of a file and of arguments are looked at, over those of the script', async () => {
  const file = script(`
    import { layers, sequential } from '@tensorflow/tfjs-layers';
    const xs = Array.from({ length: 100 }, (_, i) => [i / 50 - 1]);
    export default { model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError', data: { inputs: xs, labels: xs.map(([x = 0]) => [10 * x]) } };
  `);
  const [own, set, wrong] = await Promise.all([
    trainscope('check', file, '--only', 'loss-fit'),
    trainscope('check', file, '--only', 'loss-fit', '--set', 'loss=binaryCrossentropy', '--json'),
    trainscope('check', file, '--set', 'los=meanSquaredError', '--json'),
  ]);
  expect(own.code).toBe(0);
  expect(set.code).toBe(1);
  expect((JSON.parse(set.stdout) as { findings: { severity: string }[] }).findings.map(({ severity }) => severity)).toContain('error');
  expect(wrong.code).toBe(2);
  expect((JSON.parse(wrong.stdout) as { error: object }).error).toMatchObject({ code: 'CONFIG_INVALID', problems: [{ suggestion: 'loss', argument: '--set los=meanSquaredError' }] });
});
