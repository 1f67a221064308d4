/**
 * What a dashboard costs the training: milliseconds a step without it, with no browser, with one that reads and with one that
 * hangs. In turns, each round in another order, of which the medians count.
 *
 *   npm run bench:dashboard -- [--rounds 9] [--steps 300] [--json FILE]
 *
 * A step is one of a network of 784-128-64-10 on 64 digits, on wasm, with every step logged and the norms of gradients and
 * weights measured at every step: as much as there is to tell. The browsers are processes of their own.
 *
 * Beside the time by the clock, in which all else that the machine does has its part, stands the time that the training's
 * thread was on a core (Linux: /proc/self/task/PID/schedstat).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { median } from 'simple-statistics';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { chooseBackend, Trainer } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { dashboard, gradientNorm, seed, weightNorm } from 'trainscope/plugins';
import { writeFigures } from './figures.js';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, steps: { type: 'string', default: '300' }, json: { type: 'string' } } });
const [rounds, steps] = [Number(given.rounds), Number(given.steps)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(steps) || steps < 40) throw new Error('--rounds takes a whole number from 1, --steps one from 40');

const ways = ['without', 'no browser', 'one reads', 'one hangs'] as const;
type Way = (typeof ways)[number];

const batch = 64;
const inputs = Array.from({ length: batch * steps }, (_, i) => i);
const images = new Float32Array(inputs.length * 784).map((_, i) => Math.abs(Math.sin(i * 0.37)));
const labels = Int32Array.from(inputs, (i) => i % 10);

interface Listener {
  /** @returns models that it got */
  end(): Promise<number>;
}

async function listen(url: string, how: 'reads' | 'hangs'): Promise<Listener> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('dashboard/listener.mjs', import.meta.url)), url, how], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  await once(child.stdout, 'data');
  return {
    end: async () => {
      const counted = once(child.stdout, 'data');
      child.stdin.write('\n');
      return Number((await counted)[0]);
    },
  };
}

/** Milliseconds for which the main thread was on a core; NaN where the system does not say. */
function onCore(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${String(process.pid)}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return NaN;
  }
}

interface Took {
  readonly ms: number;
  readonly cpu: number;
}

/** Milliseconds a step, from the eleventh on, and the models that a listener got. */
async function train(way: Way): Promise<Took & { readonly models: number }> {
  let listener: Listener | undefined;
  let [began, cpuBefore] = [0, 0];
  // Between the first steps the browser connects: that is not what is measured.
  const settle = definePlugin({
    name: 'settle',
    summary: 'Waits until the browser is there.',
    role: 'observe',
    hooks: () => ({
      async stepEnd(_info, { step }) {
        if (step !== 10) return;
        if (way === 'one reads' || way === 'one hangs') listener = await listen(url, way === 'one reads' ? 'reads' : 'hangs');
        [began, cpuBefore] = [performance.now(), onCore()];
      },
    }),
  });
  let url = '';
  const shown = way === 'without' ? [] : [dashboard({ port: 0, print: false, after: 'close' })];
  const trainer = new Trainer({
    model: () => sequential({ layers: [layers.dense({ units: 128, activation: 'relu', inputShape: [784] }), layers.dense({ units: 64, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })] }),
    loss: 'sparseCategoricalCrossentropy',
    progress: false,
    logEvery: 1,
    plugins: [seed({ seed: 1 }), gradientNorm({ every: 1 }), weightNorm({ every: 1 }), ...shown, settle()],
  });
  trainer.onAny(({ event, data }) => {
    if (event === 'dashboard') ({ url } = data as { url: string });
  });
  await trainer.fit({ inputs: { values: images, shape: [inputs.length, 784] }, labels }, { epochs: 1, batchSize: batch, shuffle: false });
  const ms = (performance.now() - began) / (steps - 10);
  const cpu = (onCore() - cpuBefore) / (steps - 10);
  const models = (await listener?.end()) ?? 0;
  (trainer.model as { dispose(): void }).dispose();
  await trainer.dispose();
  return { ms, cpu, models };
}

await chooseBackend('wasm');
await train('without');
const took: Record<Way, Took[]> = { without: [], 'no browser': [], 'one reads': [], 'one hangs': [] };
let models = 0;
for (let round = 0; round < rounds; round += 1) {
  // Another one begins in each round, so that none has the better place.
  for (const i of ways.keys()) {
    const way = ways[(i + round) % ways.length] as Way;
    const { ms, cpu, models: got } = await train(way);
    took[way].push({ ms, cpu });
    models += got;
  }
}

const middle = (way: Way, of: keyof Took): number => median(took[way].map((each) => each[of]));
/** Of each round its own ratio: what else the machine does is in both. */
const ratio = (way: Way, of: keyof Took): number => median(took[way].map((each, i) => each[of] / (took.without[i]?.[of] ?? NaN)));
const table = new Table({ head: ['', 'ms a step', 'to without', 'on a core', 'to without'], style: { head: [], border: [] } });
for (const way of ways) table.push([way, middle(way, 'ms').toFixed(3), ratio(way, 'ms').toFixed(3), middle(way, 'cpu').toFixed(3), ratio(way, 'cpu').toFixed(3)]);
console.log(`${table.toString()}\nmedians of ${String(rounds)} rounds of ${String(steps)} steps; the one that reads got ${(models / rounds).toFixed(1)} models a round`);
if (given.json !== undefined) {
  const figures: Record<string, number> = { models_a_round: models / rounds };
  for (const way of ways) {
    for (const of of ['ms', 'cpu'] as const) {
      const name = `${of}_${way.replace(' ', '_')}`;
      figures[name] = middle(way, of);
      if (way !== 'without') figures[`ratio_${name}`] = ratio(way, of);
    }
  }
  writeFigures(given.json, { figures, tables: { took } });
}
