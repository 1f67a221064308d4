import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { applyOverrides, readOverride, type Override } from '../../src/config/overrides.js';
import { builtInPlugins } from '../../plugins/index.js';
import { ConfigError } from '../../src/errors.js';

const read = (text: string): Override => {
  const override = readOverride(text);
  if ('message' in override) throw new Error(override.message);
  return override;
};
const applied = (data: unknown, ...texts: readonly string[]): unknown => {
  const { value, problems } = applyOverrides(data, texts.map(read), builtInPlugins);
  expect(problems).toEqual([]);
  return value;
};

describe('what an override says', () => {
  test.each([
    ['fit.epochs=3', ['fit', 'epochs'], 3],
    ['metrics[0]=accuracy', ['metrics', 0], 'accuracy'],
    ['metrics.0=accuracy', ['metrics', '0'], 'accuracy'],
    ['lossWeights["a.b=c"]=0.5', ['lossWeights', 'a.b=c'], 0.5],
    ['clip={ norm: 1 }', ['clip'], { norm: 1 }],
    ['metrics=[accuracy, { name: topKCategoricalAccuracy, k: 2 }]', ['metrics'], ['accuracy', { name: 'topKCategoricalAccuracy', k: 2 }]],
    ['progress=false', ['progress'], false],
    ['optimizer.name="sgd"', ['optimizer', 'name'], 'sgd'],
    ['optimizer.learningRate=1e-3', ['optimizer', 'learningRate'], 0.001],
    ['loss=a=b', ['loss'], 'a=b'],
    ['clip=null', ['clip'], null],
  ] as const)('%s', (text, path, value) => {
    expect(read(text)).toEqual({ path, value, argument: `--set ${text}` });
  });

  test.each([
    ['fit.epochs', 'expected PATH=VALUE'],
    ['=3', 'expected PATH=VALUE'],
    ['.a=3', 'expected PATH=VALUE'],
    ['a..b=3', 'expected PATH=VALUE'],
    ['a[x]=3', 'expected PATH=VALUE'],
    ['fit.epochs=', 'no value behind "="'],
    ['__proto__.x=1', '__proto__ is refused'],
    ['fit.constructor=1', 'constructor is refused'],
    ['seed=!!js/function "x"', 'a tag'],
    ['seed=*a', 'has no anchor'],
    ['clip={ __proto__: 1 }', '__proto__ is refused'],
    ['clip={ norm: 1', 'the value cannot be read'],
    ['seed=1\nloss: x', 'several lines'],
    [`${'a.'.repeat(70)}b=1`, 'more than 64 parts'],
  ])('%j is refused', (text, message) => {
    const problem = readOverride(text);
    expect('message' in problem && problem.message).toContain(message);
  });
});

describe('where an override goes', () => {
  test('objects on the way are made, and what stands beside stays', () => {
    expect(applied({ fit: { batchSize: 8 } }, 'fit.epochs=3', 'fit.classWeights.0=2', 'seed=1')).toEqual({ fit: { batchSize: 8, epochs: 3, classWeights: { 0: 2 } }, seed: 1 });
  });

  test('a name stands for an object with that name', () => {
    expect(applied({ optimizer: 'adam' }, 'optimizer.learningRate=0.1')).toEqual({ optimizer: { name: 'adam', learningRate: 0.1 } });
    expect(applied({ optimizer: 'adam' }, 'optimizer.name=sgd')).toEqual({ optimizer: { name: 'sgd' } });
  });

  test('a plugin is found by its name in each of the three forms, and the others stay where they are', () => {
    const plugins = ['gradientNorm', { earlyStopping: { patience: 1 } }, { use: 'weightNorm', name: 'second', options: { every: 2 } }, { gpuProfiler: null }];
    expect(applied({ plugins }, 'plugins.gradientNorm.every=5', 'plugins.earlyStopping.patience=7', 'plugins.second.every=9', 'plugins.gpuProfiler.every=3')).toEqual({
      plugins: [{ gradientNorm: { every: 5 } }, { earlyStopping: { patience: 7 } }, { use: 'weightNorm', name: 'second', options: { every: 9 } }, { gpuProfiler: { every: 3 } }],
    });
  });

  test('a built-in plugin that is not listed comes last; true puts it in, false takes it out', () => {
    expect(applied({}, 'plugins.gradientNorm.every=5', 'plugins.diagnosis=true')).toEqual({ plugins: [{ gradientNorm: { every: 5 } }, 'diagnosis'] });
    expect(applied({ plugins: ['gradientNorm', 'weightNorm'] }, 'plugins.gradientNorm=false', 'plugins.leakWatch=false')).toEqual({ plugins: ['weightNorm'] });
    expect(applied({ plugins: [{ gradientNorm: { every: 2 } }] }, 'plugins.gradientNorm=true')).toEqual({ plugins: [{ gradientNorm: { every: 2 } }] });
    expect(applied({ plugins: [{ use: 'gradientNorm', onError: 'stop', options: { every: 2 } }] }, 'plugins.gradientNorm={ every: 3 }')).toEqual({ plugins: [{ use: 'gradientNorm', onError: 'stop', options: { every: 3 } }] });
  });

  test('a list takes its own items and one behind the last', () => {
    expect(applied({ metrics: ['accuracy'] }, 'metrics[1]=precision', 'metrics.0=recall')).toEqual({ metrics: ['recall', 'precision'] });
    expect(applied({}, 'sinks.0.file=events.ndjson')).toEqual({ sinks: [{ file: 'events.ndjson' }] });
    expect(applyOverrides({ metrics: ['accuracy'] }, [read('metrics[3]=x')], builtInPlugins).problems[0]?.message).toBe('found item 3, expected 0 to 1: the list has 1');
  });

  test('null takes a setting out', () => {
    expect(applied({ clip: { norm: 1 }, seed: 1 }, 'clip=null')).toEqual({ seed: 1 });
  });

  test('what it is given stays as it was', () => {
    const data = { fit: { epochs: 1 }, plugins: [{ gradientNorm: { every: 2 } }] };
    const before = structuredClone(data);
    applied(data, 'fit.epochs=9', 'plugins.gradientNorm.every=9', 'plugins.diagnosis=true');
    expect(data).toEqual(before);
  });
});

const problemsOf = async (text: string, ...set: readonly string[]): Promise<ConfigError> => {
  try {
    await parseConfig(text, { file: 'run.yaml', set });
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('it was taken');
};

describe('a config with overrides', () => {
  test('is as if the file said so', async () => {
    const config = await parseConfig('seed: 1\nfit: { epochs: 4 }\n', { set: ['fit.epochs=2', 'plugins.gradientNorm.every=5', 'optimizer.learningRate=0.1'], beneath: { optimizer: 'sgd' } });
    expect(config.fit).toEqual({ epochs: 2 });
    expect(config.optimizer).toEqual({ name: 'sgd', learningRate: 0.1 });
    expect(config.plugins?.map(({ name, options }) => [name, (options as { every?: number }).every])).toEqual([['seed', undefined], ['gradientNorm', 5]]);
  });

  test('what code gives beneath does not stand over the file, nor where nothing of it is set', async () => {
    expect((await parseConfig('optimizer: adam', { set: ['optimizer.learningRate=0.1'], beneath: { optimizer: 'sgd' } })).optimizer).toEqual({ name: 'adam', learningRate: 0.1 });
    expect((await parseConfig('seed: 1', { set: ['fit.epochs=1'], beneath: { optimizer: 'sgd' } })).optimizer).toBeUndefined();
  });

  test('all that is wrong is told at once: with the line in the file, or with the argument', async () => {
    const { code, problems } = await problemsOf('seed: x\nclip: { norm: 1 }\n', 'fit.epohcs=3', 'clip.value=2', 'plugins.gradientNorm.evry=5', 'plugins.gradientNrm.every=5', 'oops');
    expect(code).toBe('CONFIG_INVALID');
    expect(problems.map(({ line, argument, suggestion }) => [line, argument, suggestion])).toEqual([
      [1, undefined, undefined],
      [2, '--set clip.value=2', undefined],
      [undefined, '--set oops', undefined],
      [undefined, '--set plugins.gradientNrm.every=5', 'gradientNorm'],
      [undefined, '--set fit.epohcs=3', 'epochs'],
      [undefined, '--set plugins.gradientNorm.evry=5', 'every'],
    ]);
  });

  test('the message names the argument, the place and the nearest key', async () => {
    expect((await problemsOf('seed: 1', 'fit.epohcs=3')).message).toBe('--set fit.epohcs=3: fit: unknown key "epohcs" (did you mean "epochs"?).');
  });

  test('paths stay in the folder, and code stays code', async () => {
    expect((await problemsOf('seed: 1', 'sinks.0.file=../x.ndjson')).code).toBe('CONFIG_PATH_ESCAPES');
    expect((await problemsOf('seed: 1', 'plugins.checkpoint.folder=/tmp/x')).code).toBe('CONFIG_PATH_ESCAPES');
    expect((await problemsOf('seed: 1', 'plugins={ x: 1 }')).message).toContain('expected an array of plugins');
  });
});
