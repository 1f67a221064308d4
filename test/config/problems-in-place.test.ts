import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { errorOf, registry } from './small-registry.js';

/** The lines of the message for a YAML text. The first line of the text is empty, so that line 1 of the file is what stands below. */
const linesFor = async (text: string, file = 'run.yaml'): Promise<readonly string[]> => {
  const error = await errorOf(parseConfig(text.replace(/^\n/, ''), { registry, file }));
  expect(error.message).toBe(`${error.found}.`);
  return error.found.split('\n');
};

test('a mistyped option of a plugin is told with file, line, column, its place and the nearest right key', async () => {
  const text = `
loss: meanSquaredError
plugins:
  - printer
  - counter:
      evry: 10
`;
  const error = await errorOf(parseConfig(text.slice(1), { registry, file: 'run.yaml' }));
  expect(error.message).toBe('run.yaml:5:7 plugins[1].counter: unknown key "evry" (did you mean "every"?).');
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.file).toBe('run.yaml');
  expect(error.problems).toEqual([{ path: ['plugins', 1, 'counter', 'evry'], message: 'unknown key "evry"', suggestion: 'every', file: 'run.yaml', line: 5, column: 7 }]);
});

describe('in YAML', () => {
  test.each<[string, string, readonly string[]]>([
    ['a key of the whole', '\nlos: meanSquaredError\n', ['run.yaml:1:1 unknown key "los" (did you mean "loss"?)']],
    ['a key of fit', '\nfit:\n  epochs: 3\n  batchsize: 8\n', ['run.yaml:3:3 fit: unknown key "batchsize" (did you mean "batchSize"?)']],
    ['a key in a union', '\nclip:\n  globlNorm: 1\n', ['run.yaml:2:3 clip: unknown key "globlNorm" (did you mean "globalNorm"?)']],
    ['two keys of a union', '\nclip: { value: 1, norm: 2 }\n', ['run.yaml:1:7 clip: value and norm do not go together, expected { value } or { norm } or { globalNorm }']],
    ['a value of another type', '\nfit:\n  epochs: ten\n', ['run.yaml:2:11 fit.epochs: found "ten", expected a whole number']],
    ['a value out of range', '\nfit: { epochs: 0 }\n', ['run.yaml:1:16 fit.epochs: found 0, expected a whole number of at least 1']],
    ['yes for true, which is of YAML 1.1', '\nfit:\n  shuffle: yes\n', ['run.yaml:2:12 fit.shuffle: found "yes", expected true or false']],
    ['a name of a list', '\nbackend: wsm\n', ['run.yaml:1:10 backend: found "wsm", expected one of auto, keep, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu (did you mean "wasm"?)']],
    ['nothing behind a key', '\nfit:\nloss: mse\n', ['run.yaml:1:1 fit: found nothing (null), expected an object']],
    ['infinity', '\nfit:\n  epochs: .inf\n', ['run.yaml:2:11 fit.epochs: found Infinity, expected a whole number']],
    ['a seed beyond what a number holds', '\nseed: 12345678901234567890\n', ['run.yaml:1:7 seed: found 12345678901234567000, expected a whole number of at most 9007199254740991']],
    ['text for settings', '\nepochs\n', ['run.yaml:1:1 found "epochs", expected an object of settings']],
    ['a list for settings', '\n- epochs: 1\n', ['run.yaml:1:1 found an array of 1, expected an object of settings']],
    ['a key twice', '\nfit:\n  epochs: 3\n  epochs: 4\n', ['run.yaml:3:3 fit: epochs is there twice']],
  ])('%s', async (_, text, lines) => {
    expect(await linesFor(text)).toEqual(lines);
  });

  test.each<[string, string, readonly string[]]>([
    ['a bare name', '\nplugins:\n  - banana\n', ['run.yaml:2:5 plugins[0]: unknown plugin "banana"; known are counter, printer, seed; a package or a file is given as { use }']],
    ['a name near another', '\nplugins: [printr]\n', ['run.yaml:1:11 plugins[0]: unknown plugin "printr" (did you mean "printer"?)']],
    ['a name before options', '\nplugins:\n  - cuonter: { every: 1 }\n', ['run.yaml:2:5 plugins[0]: unknown plugin "cuonter" (did you mean "counter"?)']],
    ['an inherited name', '\nplugins: [toString]\n', ['run.yaml:1:11 plugins[0]: unknown plugin "toString"; known are counter, printer, seed; a package or a file is given as { use }']],
    ['a number for a plugin', '\nplugins: [7]\n', ['run.yaml:1:11 plugins[0]: found 7, expected the name of a plugin, { name: options } or { use, options }']],
    ['an empty item', '\nplugins:\n  - counter\n  -\n', ['run.yaml:3:4 plugins[1]: found nothing (null), expected the name of a plugin, { name: options } or { use, options }']],
    ['one plugin for a list', '\nplugins: counter\n', ['run.yaml:1:10 plugins: found "counter", expected an array of plugins']],
    ['options that are no object', '\nplugins:\n  - counter: 10\n', ['run.yaml:2:14 plugins[0].counter: found 10, expected an object']],
    ['options beside the name', '\nplugins:\n  - counter:\n    every: 10\n', ['run.yaml:3:5 plugins[0]: every stands beside counter; indent it below, to make it an option']],
    ['the long form beside the name', '\nplugins:\n  - counter: {}\n    name: a\n', ['run.yaml:3:5 plugins[0]: name goes with { use: counter, ... }']],
    ['an option deep inside', '\nplugins:\n  - counter: { where: { layer: a, form: 1 } }\n', ['run.yaml:2:35 plugins[0].counter.where: unknown key "form" (did you mean "from"?)']],
    ['an option in an array', '\nplugins:\n  - counter:\n      tags:\n        - name: a\n        - nmae: b\n', ['run.yaml:5:11 plugins[0].counter.tags[1]: unknown key "nmae" (did you mean "name"?)']],
    ['an option in a union', '\nplugins:\n  - counter: { rate: { relativ: 1 } }\n', ['run.yaml:2:24 plugins[0].counter.rate: unknown key "relativ" (did you mean "relative"?)']],
    ['an option of the long form', '\nplugins:\n  - use: counter\n    options:\n      every: 0\n', ['run.yaml:4:14 plugins[0].options.every: found 0, expected a whole number of at least 1']],
    ['a key of the long form', '\nplugins:\n  - use: counter\n    optoins: { every: 1 }\n', ['run.yaml:3:5 plugins[0]: unknown key "optoins" (did you mean "options"?)']],
    ['the key use', '\nplugins:\n  - usee: counter\n', ['run.yaml:2:5 plugins[0]: unknown key "usee" (did you mean "use"?)']],
    ['a value of the long form', '\nplugins:\n  - { use: counter, enforce: first }\n', ['run.yaml:2:30 plugins[0].enforce: found "first", expected one of pre, post']],
    ['a name that no plugin may have', '\nplugins:\n  - { use: counter, name: 1st }\n', ['run.yaml:2:27 plugins[0].name: found "1st", expected text of the form /^[a-zA-Z][a-zA-Z0-9._:-]*$/']],
    ['an option that is missing', '\nplugins:\n  - seed: {}\n', ['run.yaml:2:11 plugins[0].seed.seed: missing, expected a whole number']],
    ['an option that is missing for a bare name', '\nplugins:\n  - seed\n', ['run.yaml:2:5 plugins[0].seed: missing, expected a whole number']],
    ['another seed than that of the whole', '\nseed: 1\nplugins:\n  - seed: { seed: 2 }\n', ['run.yaml:3:19 plugins[0].seed.seed: found 2, and the seed of the config is 1']],
    ['a plugin twice', '\nplugins:\n  - counter\n  - counter: { every: 2 }\n', ['run.yaml:3:5 plugins[1]: a second plugin runs under the name "counter"; give it another: { use, options, name }']],
  ])('of the plugins, %s', async (_, text, lines) => {
    expect(await linesFor(text)).toEqual(lines);
  });

  test.each<[string, string, readonly string[]]>([
    ['a name of an optimizer', '\noptimizer: adm\n', ['run.yaml:1:12 optimizer: unknown optimizer "adm" (did you mean "adam"?)']],
    ['a name of an optimizer with options', '\noptimizer:\n  name: adm\n', ['run.yaml:2:9 optimizer.name: unknown optimizer "adm" (did you mean "adam"?)']],
    ['an option of an optimizer', '\noptimizer: { name: sgd, momentm: 0.9 }\n', ['run.yaml:1:25 optimizer: unknown key "momentm" (did you mean "momentum"?)']],
    ['an option of another optimizer', '\noptimizer: { name: sgd, beta1: 0.9 }\n', ['run.yaml:1:25 optimizer: unknown key "beta1"; known are name, learningRate, momentum, nesterov, weightDecay']],
    ['a value of an optimizer', '\noptimizer: { name: sgd, momentum: 2 }\n', ['run.yaml:1:35 optimizer.momentum: found 2, expected a number below 1']],
    ['an optimizer without a name', '\noptimizer: { learningRate: 1 }\n', ['run.yaml:1:12 optimizer.name: missing, expected one of sgd, momentum, adam, adamw, adamax, rmsprop, adagrad, adadelta']],
    ['the key name of an optimizer', '\noptimizer: { nam: sgd }\n', ['run.yaml:1:14 optimizer: unknown key "nam" (did you mean "name"?)']],
    ['a number for an optimizer', '\noptimizer: 0.1\n', ['run.yaml:1:12 optimizer: found 0.1, expected the name of an optimizer (sgd, momentum, adam, adamw, adamax, rmsprop, adagrad, adadelta) or { name, ... }']],
    ['weight decay twice', '\nweightDecay: 0.1\noptimizer: { name: sgd, weightDecay: 0.1 }\n', ['run.yaml:2:38 optimizer.weightDecay: it is given twice, in the options of the optimizer and beside them']],
    ['a name of a loss', '\nloss: meanSquareError\n', ['run.yaml:1:7 loss: unknown loss "meanSquareError" (did you mean "meanSquaredError"?)']],
    ['a name of a loss with options', '\nloss: { name: hubber, delta: 1 }\n', ['run.yaml:1:15 loss.name: unknown loss "hubber" (did you mean "huber"?)']],
    ['an option of a loss', '\nloss: { name: huber, detla: 1 }\n', ['run.yaml:1:22 loss: unknown key "detla" (did you mean "delta"?)']],
    ['an option of another loss', '\nloss: { name: poisson, delta: 1 }\n', ['run.yaml:1:31 loss.delta: poisson has no option "delta"']],
    ['a loss of one output', '\nloss: { digit: mse, size: [] }\n', ['run.yaml:1:27 loss.size: found an array of 0, expected the name of a loss or { name, ... }']],
    ['a loss in a list', '\nloss: [mse, msee]\n', ['run.yaml:1:13 loss[1]: unknown loss "msee" (did you mean "mse"?)']],
    ['no losses', '\nloss: []\n', ['run.yaml:1:7 loss: found an array of 0, expected a loss for each output']],
    ['a name of a metric', '\nmetrics: [accuracy, recal]\n', ['run.yaml:1:21 metrics[1]: unknown metric "recal" (did you mean "recall"?)']],
    ['an option of a metric', '\nmetrics:\n  - { name: topKCategoricalAccuracy, kk: 2 }\n', ['run.yaml:2:38 metrics[0]: unknown key "kk" (did you mean "k"?)']],
    ['an option of another metric', '\nmetrics: { name: accuracy, k: 2 }\n', ['run.yaml:1:31 metrics.k: accuracy has no option "k"']],
    ['a metric of one output', '\nmetrics: { digit: [accuracy, 5] }\n', ['run.yaml:1:30 metrics.digit[1]: found 5, expected the name of a metric or { name, ... }']],
    ['weights of outputs', '\nlossWeights: { digit: x }\n', ['run.yaml:1:23 lossWeights.digit: found "x", expected a number']],
  ])('of what is trained, %s', async (_, text, lines) => {
    expect(await linesFor(text)).toEqual(lines);
  });

  test('all of them at once, in the order of the file', async () => {
    const text = `
sed: 1
optimizer: adm
fit: { epochs: -1, shufle: true }
plugins:
  - banana
  - counter: { every: x, where: {} }
metrics: [5]
sinks:
  - fil: a
`;
    expect(await linesFor(text)).toEqual([
      'run.yaml:1:1 unknown key "sed" (did you mean "seed"?)',
      'run.yaml:2:12 optimizer: unknown optimizer "adm" (did you mean "adam"?)',
      'run.yaml:3:16 fit.epochs: found -1, expected a whole number of at least 1',
      'run.yaml:3:20 fit: unknown key "shufle" (did you mean "shuffle"?)',
      'run.yaml:5:5 plugins[0]: unknown plugin "banana"; known are counter, printer, seed; a package or a file is given as { use }',
      'run.yaml:6:23 plugins[1].counter.every: found "x", expected a whole number',
      'run.yaml:6:33 plugins[1].counter.where.layer: missing, expected text',
      'run.yaml:7:11 metrics[0]: found 5, expected the name of a metric or { name, ... }',
      'run.yaml:9:5 sinks[0]: unknown key "fil" (did you mean "file"?)',
    ]);
  });

  test('of 60 problems the message lists 50 and the error has all', async () => {
    const error = await errorOf(parseConfig(Array.from({ length: 60 }, (_, i) => `key${String(i)}: 1`).join('\n'), { registry }));
    expect(error.found.split('\n')).toHaveLength(51);
    expect(error.found).toMatch(/\nconfig\.yaml:50:1 [^\n]*\nand 10 more$/);
    expect(error.problems).toHaveLength(60);
  });

  test('behind an alias the place is that of the anchor, where it is to be corrected', async () => {
    expect(await linesFor('\nplugins:\n  - counter: &options { evry: 2 }\n  - { use: counter, name: second, options: *options }\n')).toEqual([
      'run.yaml:2:25 plugins[0].counter: unknown key "evry" (did you mean "every"?)',
      'run.yaml:2:25 plugins[1].options: unknown key "evry" (did you mean "every"?)',
    ]);
  });

  test('columns count UTF-16 units, and lines end as Windows has them too', async () => {
    expect(await linesFor('# é😀\r\nfit: { epochs: 1 }\r\nlos: x')).toEqual(['run.yaml:3:1 unknown key "los" (did you mean "loss"?)']);
    expect(await linesFor('{ "😀": 1, los: x }')).toEqual(['run.yaml:1:3 unknown key "😀"; known are $schema, seed, backend, accumulateSteps, clip, weightDecay, logEvery, progress, lossWeights, fit, optimizer, loss, metrics, plugins, sinks', 'run.yaml:1:12 unknown key "los" (did you mean "loss"?)']);
  });
});

describe('in JSON', () => {
  const text = `{
  "seed": 1.5,
  "plugins": [
    { "counter": { "evry": 3 } }
  ],
  "seed": 2
}`;

  test('problems have the same places', async () => {
    expect(await linesFor(text, 'run.json')).toEqual(['run.json:4:20 plugins[0].counter: unknown key "evry" (did you mean "every"?)', 'run.json:6:3 seed is there twice']);
  });

  test('what is YAML and not JSON is refused', async () => {
    expect(await linesFor('{\n  "seed": 1, # why\n}', 'run.json')).toEqual(['run.json:2:14 not JSON: found "#" (JSON has no comments), expected a key in double quotes']);
  });
});
