import { writeFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import fc from 'fast-check';
import { memorySink, Trainer } from 'trainscope';
import { loadConfig, parseConfig, type LoadedConfig } from 'trainscope/config';
import { stringify } from 'yaml';
import { hostileData, hostileNames, hostilePaths, hostileValue } from '../hostile.js';
import { mutated, spliced } from '../mutate.js';
import { Broken, target, type Place } from '../target.js';
import { smallModel, stepEvent } from './small.js';

/** Configs that are right, with all that a config can have. */
const configs: readonly unknown[] = [
  {
    $schema: '../schema/config.schema.json',
    seed: 42,
    backend: 'keep',
    optimizer: { name: 'adam', learningRate: 0.02, weightDecay: 0.0001 },
    loss: 'meanSquaredError',
    metrics: ['meanAbsoluteError', { name: 'rootMeanSquaredError', as: 'rms' }],
    clip: { globalNorm: 5 },
    progress: false,
    fit: { epochs: 40, batchSize: 16, shuffle: true, classWeights: { 0: 1, 1: 2 }, validationEvery: { epochs: 2 } },
    plugins: [{ preflight: { stopOn: 'error' } }, { diagnosis: { every: 5 } }, { gradientNorm: { every: 5 } }, { lrScheduler: { per: 'epoch', schedule: { kind: 'warmup', steps: 3, schedule: { kind: 'cosine', tMax: 40 } } } }, 'gpuProfiler'],
    sinks: [{ file: 'events.ndjson' }],
  },
  {
    optimizer: 'sgd',
    loss: { name: 'huber', delta: 2 },
    lossWeights: [1],
    weightDecay: { rate: 0.01, mode: 'decoupled' },
    accumulateSteps: 4,
    logEvery: 10,
    plugins: [{ use: 'earlyStopping', options: { monitor: 'val_loss', patience: 8, minDelta: { relative: 0.1 } }, enforce: 'post', name: 'first', onError: 'stop' }, { predictionDynamics: { samples: 8, task: { out: 'regression' } } }, { seed: { seed: 1 } }, { weightNorm: {} }],
    sinks: [{ file: 'logs/a.ndjson' }, { pino: { level: 'silent', name: 'x', base: null, messageKey: 'm' } }, { stdout: true }],
  },
  { loss: { out: 'meanSquaredError' }, metrics: { out: ['meanAbsoluteError'] }, plugins: [{ use: './no-plugin.mjs', export: 'x', options: {} }, { use: '@scope/package' }], sinks: [{ file: 'out/x' }] },
];

/** The last one names what is not there. */
const sound = configs.slice(0, 2);

/** Signs that mean something in YAML or JSON, beside names that a config has. */
const tokens: readonly string[] = [
  ': ', '\n', '\n  ', '\n- ', '- ', '[', ']', '{', '}', ',', '"', "'", '&a ', '*a', '*b', '!!js/function ', '!!binary ', '! ', '|', '>', '#', '? ', '%YAML 1.1\n', '%TAG ! x\n', '---\n', '...\n', '\t', '<<: *a\n', '~', '.nan', '-.inf', '1e999', '0o17', '\u0000', '\ud800', '\uFEFF', '\r', '\u2028', '\\', '\\u0000', '/*', '//',
  'seed: 1\n', 'plugins:\n', 'plugins: [seed]\n', '"seed": 1,', '__proto__: {x: 1}\n', '"__proto__": {"x": 1},', 'constructor: {prototype: {x: 1}}\n', 'sinks: [{file: ../x}]\n', 'sinks: [{file: out/x}]\n', 'plugins: [{use: ./evil.mjs}]\n', ...hostileNames, ...hostilePaths,
];

/** JSON has no NaN; YAML has. */
function asFlow(value: unknown): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' && !Number.isFinite(each) ? `<${String(each)}>` : each), 1);
  return text.replace(/"<(-?)(NaN|Infinity)>"/g, (_, sign: string, name: string) => (name === 'NaN' ? '.nan' : `${sign}.inf`));
}

function asBlock(value: unknown): string {
  try {
    return value === undefined ? '' : stringify(value, { aliasDuplicateObjects: true });
  } catch {
    // yaml's writer has limits of its own.
    return asFlow(value);
  }
}

/** Aliases of aliases: `width` to the power of `depth` values when unfolded. */
const bomb = ({ depth, width, key }: { depth: number; width: number; key: string }): string =>
  [`${key}:`, ...Array.from({ length: depth }, (_, i) => `  - &n${i} [${Array.from({ length: width }, () => (i === 0 ? '1' : `*n${i - 1}`)).join(', ')}]`)].join('\n');

/** An alias to what holds it. */
const knots: readonly string[] = ['&a\nfit: *a\n', 'fit: &a\n  epochs: *a\n', 'plugins: &a [*a]\n', '&a [*a]', '*a', 'fit: &a {classWeights: {x: *a}}', 'a: &a b\n*a : 1\n', '? [a]\n: 1\n', '? &a {*a : 1}\n: 2\n'];

const brackets = fc.tuple(fc.constantFrom('[', '{"a":', '- ', '? ', '{', '[[],', '&a ', '!a '), fc.constantFrom(10, 70, 500, 3000)).map(([sign, count]) => sign.repeat(count));

/** A path that leads out, or is none, at every place of a config that takes one. */
const withPath = fc
  .record({ path: fc.oneof(fc.constantFrom(...hostilePaths), fc.tuple(fc.constantFrom(...hostilePaths), fc.constantFrom(...hostilePaths)).map((parts) => parts.join('/'))), place: fc.nat({ max: 6 }) })
  .map(({ path, place }) => [
    { sinks: [{ file: path }] },
    { sinks: [{ file: 'a' }, { file: path }] },
    { plugins: [{ use: path }] },
    { plugins: [{ use: `./${path}`, export: 'x' }] },
    { plugins: [{ checkpoint: { folder: path } }] },
    { sinks: [{ pino: { level: 'silent', transport: { target: path, options: { destination: path } } } }] },
    { $schema: path, seed: 1 },
  ][place]);

const structured = fc.tuple(fc.oneof({ weight: 5, arbitrary: mutated(configs, hostileData) }, { weight: 1, arbitrary: withPath }), fc.boolean()).map(([value, block]) => (block ? asBlock(value) : asFlow(value)));
const text = fc.oneof(
  { weight: 6, arbitrary: structured },
  { weight: 4, arbitrary: spliced(structured, tokens) },
  { weight: 1, arbitrary: spliced(fc.oneof(fc.record({ depth: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 12 }), key: fc.constantFrom('fit', 'plugins', 'metrics', 'x') }).map(bomb), fc.constantFrom(...knots), brackets), tokens, 2) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...tokens), { maxLength: 30 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

/** What a config gives has to be of use: a trainer takes it or says why not, and its files stay where they belong. */
async function use({ plugins, sinks, ...config }: LoadedConfig, { folder }: Place): Promise<void> {
  const all = sinks ?? [];
  try {
    // The others write to the standard output, or start workers.
    for (const sink of all) {
      if (!sink.name.startsWith('file:')) continue;
      // A path in a file's place, or a name too long for the disk: told when it is opened, by an error of the system.
      await Promise.resolve().then(() => sink.write(stepEvent)).catch(() => undefined);
    }
    for (const { kind, options } of plugins ?? []) {
      const own = kind === 'checkpoint' ? (options as { readonly folder: string }).folder : folder;
      if (!`${resolve(folder, own)}${sep}`.startsWith(folder + sep)) throw new Broken(`checkpoints go to ${own}`);
    }
    const trainer = new Trainer({ model: smallModel(), ...config, loss: (config.loss as unknown) === undefined ? 'meanSquaredError' : config.loss, backend: 'keep', progress: false, plugins: plugins ?? [], sinks: [memorySink()] });
    await trainer.dispose();
  } finally {
    await Promise.allSettled(all.map(async (sink) => sink.close?.()));
  }
}

const fileOf = ({ folder }: Place, extension: string): string => join(folder, `run.${extension}`);

export const configTargets = [
  target({
    name: 'config text',
    share: 24,
    sound: () => sound.flatMap((each) => [{ text: asFlow(each), extension: 'json' }, { text: asBlock(each), extension: 'yaml' }]),
    values: fc.record({ text, extension: fc.constantFrom('yaml', 'yaml', 'json') }),
    attempt: async ({ text: given, extension }, place) => use(await parseConfig(given, { file: fileOf(place, extension), outDir: place.folder }), place),
  }),
  target({
    name: 'config bytes',
    share: 6,
    sound: () => sound.map((each) => ({ bytes: Buffer.from(asBlock(each)), extension: 'yml' as const })),
    values: fc.record({ bytes: fc.oneof(fc.uint8Array({ maxLength: 200 }), spliced(structured, tokens).map((given) => Buffer.from(given)), fc.tuple(structured, fc.uint8Array({ maxLength: 6 }), fc.nat()).map(([given, more, at]) => { const all = Buffer.from(given); const i = at % (all.length + 1); return Buffer.concat([all.subarray(0, i), more, all.subarray(i)]); })), extension: fc.constantFrom('yaml', 'yml', 'json', 'txt') }),
    attempt: async ({ bytes, extension }, place) => {
      const file = fileOf(place, extension);
      writeFileSync(file, bytes);
      await use(await loadConfig(file), place);
    },
  }),
  target({
    name: 'config calls',
    share: 1,
    sound: () => sound.map((each) => ({ text: asFlow(each), file: 'run.json', outDir: undefined })),
    values: fc.record({ text: fc.oneof(structured, hostileValue), file: fc.oneof(fc.constantFrom('run.yaml', 'run.json'), hostileValue), outDir: fc.oneof(fc.constant(undefined), fc.constantFrom(...hostilePaths)) }),
    attempt: async ({ text: given, file, outDir }, place) => {
      const options = { file: typeof file === 'string' ? join(place.folder, file) : file, ...(outDir === undefined ? {} : { outDir: join(place.folder, 'sub', outDir.replaceAll('..', 'up')) }) };
      await use(await parseConfig(given as string, options as { file: string }), place);
    },
  }),
];

