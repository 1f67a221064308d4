import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch, type DataSource, type LoadedData } from '../../data/index.js';

/** One input or label of many samples, on the host. */
export interface Column {
  readonly name: string;
  /** [samples, ...] */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Row-major. */
  readonly values: Float32Array | Int32Array;
  /** Numbers a sample. */
  readonly width: number;
}

/** A run of samples that follow each other in the source. */
export interface Block {
  /** Index of the first of them within the sample. */
  readonly start: number;
  readonly count: number;
}

/** Some of the samples of a source, in its own order, copied to the host. Labels and inputs go together by index. */
export interface Sample {
  readonly count: number;
  readonly inputs: readonly Column[];
  readonly labels: readonly Column[];
  /** Runs of neighbours in the source: within a block, and not across blocks, sample i + 1 comes after sample i. */
  readonly blocks: readonly Block[];
  /** Samples in the whole source; undefined where only reading to its end would tell. */
  readonly total: number | undefined;
  /** Whether all of the source's samples are here. */
  readonly complete: boolean;
  /** Sizes of the batches as they came. */
  readonly batchSizes: readonly number[];
}

export interface SampleAsk {
  /** At most so many samples. */
  readonly samples: number;
  /** At most so many numbers, over all inputs and labels. */
  readonly numbers: number;
}

/** Blocks that are spread over samples in memory: enough for data that is sorted by class to show several of them. */
const spread = 16;

type Open = (batchSize: number | undefined) => LoadedData;

/** Whether a source can be read once alone: a generator, an iterator. */
export function isOneShot(source: DataSource): boolean {
  if (typeof source !== 'object' || Array.isArray(source)) return false;
  const each = source as { [Symbol.iterator]?: () => unknown; [Symbol.asyncIterator]?: () => unknown; next?: unknown };
  // Asking an iterator for an iterator takes nothing from it: it gives itself.
  if (typeof each.next !== 'function') return false;
  return (each[Symbol.iterator]?.() ?? each[Symbol.asyncIterator]?.()) === source;
}

/** Gathers rows on the host, up to what was asked for. */
class Gathering {
  readonly #parts: { readonly inputs: (Float32Array | Int32Array)[][]; readonly labels: (Float32Array | Int32Array)[][] } = { inputs: [], labels: [] };
  readonly #shapes = { inputs: [] as number[][], labels: [] as number[][] };
  readonly #dtypes = { inputs: [] as tf.DataType[], labels: [] as tf.DataType[] };
  readonly batchSizes: number[] = [];
  count = 0;

  /** False when a batch has other shapes than those before, as of sequences of several lengths: it is left out. */
  async add(batch: Batch, most = Infinity): Promise<boolean> {
    const rows = Math.min(batch.size, most);
    const fits = (['inputs', 'labels'] as const).every((kind) => batch[kind].every((tensor, i) => this.#shapes[kind][i] === undefined || this.#shapes[kind][i].join() === tensor.shape.slice(1).join()));
    if (!fits) return false;
    for (const kind of ['inputs', 'labels'] as const) {
      for (const [i, tensor] of batch[kind].entries()) {
        this.#shapes[kind][i] ??= tensor.shape.slice(1);
        this.#dtypes[kind][i] ??= tensor.dtype;
        const part = rows === batch.size ? tensor : tf.slice(tensor, 0, rows);
        const values = (await part.data()).slice();
        if (part !== tensor) part.dispose();
        (this.#parts[kind][i] ??= []).push(values as Float32Array | Int32Array);
      }
    }
    this.batchSizes.push(batch.size);
    this.count += rows;
    return true;
  }

  columns(kind: 'inputs' | 'labels', names: readonly string[]): readonly Column[] {
    return this.#parts[kind].map((arrays, i): Column => {
      const given = this.#dtypes[kind][i];
      const dtype = given === 'int32' || given === 'bool' ? given : 'float32';
      const length = arrays.reduce((sum, each) => sum + each.length, 0);
      const values = dtype === 'float32' ? new Float32Array(length) : new Int32Array(length);
      let at = 0;
      for (const each of arrays) {
        values.set(each, at);
        at += each.length;
      }
      const rest = this.#shapes[kind][i] ?? [];
      return { name: names[i] ?? `${kind === 'inputs' ? 'input' : 'label'}${String(i)}`, shape: [this.count, ...rest], dtype, values, width: rest.reduce((product, each) => product * each, 1) };
    });
  }
}

const numbersOf = ({ inputs, labels, size }: Batch): number => [...inputs, ...labels].reduce((sum, { size: each }) => sum + each, 0) / Math.max(1, size);

/**
 * Takes samples of a source: of one in memory, blocks spread evenly over all of it; of a stream, the first ones; of a
 * stream that can be read once, those of its first batch, which it gives again.
 */
export async function takeSample(open: Open, source: DataSource, ask: SampleAsk, names: { readonly inputs: readonly string[]; readonly labels: readonly string[] }, opened?: LoadedData): Promise<Sample> {
  const gathering = new Gathering();
  const blocks: Block[] = [];
  let total: number | undefined;
  let complete = false;
  if (isOneShot(source)) {
    const data = opened ?? open(undefined);
    try {
      const batch = await data.first();
      await gathering.add(batch);
      disposeBatch(batch);
    } finally {
      if (opened === undefined) data.dispose();
    }
    blocks.push({ start: 0, count: gathering.count });
  } else {
    const probe = open(undefined);
    try {
      await probe.ready();
      total = probe.samples;
      const first = await probe.first(1);
      const affordable = Math.max(8, Math.min(ask.samples, Math.floor(ask.numbers / Math.max(1, numbersOf(first)))));
      disposeBatch(first);
      if (probe.kind !== 'memory' || total === undefined) {
        await readFirst(probe, gathering, affordable);
        blocks.push({ start: 0, count: gathering.count });
      } else if (total <= affordable) {
        complete = true;
        await readFirst(probe, gathering, total);
        blocks.push({ start: 0, count: gathering.count });
      } else {
        await readSpread(open, total, affordable, gathering, blocks);
      }
    } finally {
      probe.dispose();
    }
  }
  return { count: gathering.count, inputs: gathering.columns('inputs', names.inputs), labels: gathering.columns('labels', names.labels), blocks, total, complete, batchSizes: gathering.batchSizes };
}

async function readFirst(data: LoadedData, gathering: Gathering, most: number): Promise<void> {
  const cursor = data.epoch(0);
  try {
    while (gathering.count < most) {
      const batch = await cursor.next(0);
      if (batch === undefined) break;
      try {
        await gathering.add(batch, most - gathering.count);
      } finally {
        disposeBatch(batch);
      }
    }
  } finally {
    await cursor.close();
  }
}

async function readSpread(open: Open, total: number, most: number, gathering: Gathering, blocks: Block[]): Promise<void> {
  const size = Math.max(1, Math.floor(most / spread));
  const data = open(size);
  try {
    const batches = Math.floor(total / size);
    const wanted = Array.from({ length: Math.min(spread, batches) }, (_, i) => Math.floor((i * (batches - 1)) / Math.max(1, Math.min(spread, batches) - 1)));
    for (const at of new Set(wanted)) {
      const start = gathering.count;
      const cursor = data.epoch(0, at);
      try {
        const batch = await cursor.next(0);
        if (batch === undefined) continue;
        try {
          await gathering.add(batch);
        } finally {
          disposeBatch(batch);
        }
      } finally {
        await cursor.close();
      }
      blocks.push({ start, count: gathering.count - start });
    }
  } finally {
    data.dispose();
  }
}

/** Rows of a column as a tensor [rows, ...]. The caller's to end. */
export function rowsOf(column: Column, indices: ArrayLike<number>): tf.Tensor {
  const { width, dtype } = column;
  const values = dtype === 'float32' ? new Float32Array(indices.length * width) : new Int32Array(indices.length * width);
  for (let i = 0; i < indices.length; i += 1) {
    const from = (indices[i] ?? 0) * width;
    values.set(column.values.subarray(from, from + width), i * width);
  }
  return tf.tensor(dtype === 'bool' ? Uint8Array.from(values) : values, [indices.length, ...column.shape.slice(1)], dtype);
}
