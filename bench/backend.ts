/**
 * How fast training is on wasm: stock TensorFlow.js on cpu and wasm, trainscope's kernels, and as a floor the products of
 * matrices that a step cannot do without. All in one process, by turns, so that a busy machine slows all alike.
 *
 *   npm run bench:backend -- [--quick] [--json FILE]
 *
 * --quick: two networks, a few steps each: that it runs, not how fast it is.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { contenderNames, openContender, prepare, type Contender, type ContenderName } from './backend/contenders.js';
import { networks, type Network } from './backend/networks.js';
import { writeFigures } from './figures.js';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } } });

/** Turns that each contender has, and for how long (ms of the processor) in each; in a quick run just a step. */
const turns = options.quick ? 2 : 11;
const turn = options.quick ? 0 : 150;

interface Quartiles {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** A step in ms: of the processor, and by the clock. */
interface Times {
  readonly cpu: Quartiles;
  readonly wall: Quartiles;
  readonly steps: number;
}

interface Samples {
  readonly cpu: number[];
  readonly wall: number[];
}

const none = (): Samples => ({ cpu: [], wall: [] });

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

function quartiles(samples: readonly number[]): Quartiles {
  const sorted = [...samples].sort((a, b) => a - b);
  return { q1: quantile(sorted, 0.25), median: quantile(sorted, 0.5), q3: quantile(sorted, 0.75) };
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * One turn: as many steps as fit, each timed by itself. In time of the processor, of all of the process's threads: a
 * step waits for nothing, and what else the machine does while it is interrupted is not its own.
 */
function takeTurn(contender: Contender, { cpu, wall }: Samples, ms: number): void {
  const begin = cpuMs();
  do {
    const [start, startCpu] = [performance.now(), cpuMs()];
    contender.step();
    cpu.push(cpuMs() - startCpu);
    wall.push(performance.now() - start);
  } while (cpuMs() - begin < ms);
}

/** Above this, in ms, a step to warm up is the sample: minutes would go by otherwise, and nothing is cold for so long. */
const long = 3_000;

/** One row: times of those that can train the network, reasons of those that can't. */
async function compare(network: Network): Promise<Readonly<Record<ContenderName, Times | string>>> {
  const open = new Map<ContenderName, Contender | string>();
  const samples = new Map<ContenderName, Samples>();
  const done = new Set<ContenderName>();
  for (const name of contenderNames) {
    const contender = await openContender(name, network);
    const own = none();
    try {
      takeTurn(contender, own, 0);
      open.set(name, contender);
    } catch (error) {
      open.set(name, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
      contender.dispose();
    }
    if ((own.cpu[0] ?? 0) > long) done.add(name);
    samples.set(name, done.has(name) ? own : none());
  }
  for (let at = -1; at < turns; at++) {
    for (const [name, contender] of open) {
      if (typeof contender === 'string' || done.has(name)) continue;
      await contender.enter();
      // One more turn to warm up: V8 optimises what has run often.
      takeTurn(contender, at < 0 ? none() : samples.get(name)!, turn);
    }
  }
  const result = Object.fromEntries([...open].map(([name, contender]) => {
    const { cpu, wall } = samples.get(name)!;
    return [name, typeof contender === 'string' ? contender : { cpu: quartiles(cpu), wall: quartiles(wall), steps: cpu.length }];
  }));
  for (const contender of open.values()) {
    if (typeof contender === 'string') continue;
    await contender.enter();
    contender.dispose();
  }
  return result as Record<ContenderName, Times | string>;
}

const median = (times: Times | string | undefined): number => (typeof times === 'object' ? times.cpu.median : Number.NaN);

await prepare();
const rows: { network: string; batch: number; times: Readonly<Record<ContenderName, Times | string>> }[] = [];
const chosen = options.quick ? networks.filter(({ name }) => name === 'mlp' || name === 'small cnn') : networks;
const table = new Table({ head: ['ms of processor a step (quartiles)', ...contenderNames, 'faster than cpu', 'faster than wasm', 'of roofline'], style: { head: [], border: [] } });
const shown = (value: number): string => (Number.isNaN(value) ? '-' : value < 100 ? value.toPrecision(3) : value.toFixed(0));

for (const network of chosen) {
  const times = await compare(network);
  rows.push({ network: network.name, batch: network.batch, times });
  const ours = median(times['trainscope wasm']);
  const cell = (name: ContenderName): string => {
    const found = times[name];
    return typeof found === 'string' ? 'cannot train' : `${shown(found.cpu.median)} (${shown(found.cpu.q1)}-${shown(found.cpu.q3)})`;
  };
  table.push([`${network.name}, batch ${network.batch}`, ...contenderNames.map(cell), ...[median(times['stock cpu']) / ours, median(times['stock wasm']) / ours, ours / median(times.roofline)].map(shown)]);
  console.log(`${network.name}: ${contenderNames.map((name) => `${name} ${cell(name)}`).join(', ')}`);
}
console.log(table.toString());
for (const { network, times } of rows) {
  for (const [name, found] of Object.entries(times)) if (typeof found === 'string') console.log(`${name} cannot train ${network}: ${found}`);
}

const of = (network: string, name: ContenderName): number => median(rows.find((row) => row.network === network)?.times[name]);
/** By how much a network trains faster than on the faster of the stock backends that can train it. */
const speedups = rows.map(({ times }) => Math.min(...(['stock cpu', 'stock wasm'] as const).map((name) => median(times[name])).filter((each) => !Number.isNaN(each))) / median(times['trainscope wasm']));
const figures = {
  mlp_speedup_vs_stock_wasm: of('mlp', 'stock wasm') / of('mlp', 'trainscope wasm'),
  mlp_vs_roofline: of('mlp', 'trainscope wasm') / of('mlp', 'roofline'),
  cnn_speedup_vs_stock_cpu: of('small cnn', 'stock cpu') / of('small cnn', 'trainscope wasm'),
  worst_speedup_vs_stock: Math.min(...speedups),
};
for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${shown(value)}`);
if (options.json !== undefined) writeFigures(options.json, { figures, tables: { steps: rows } });
