import { defineLoader, type Samples } from 'trainscope/loader';

const table = Float32Array.from({ length: 100 }, (_, i) => i);
const shared = new Float32Array(new SharedArrayBuffer(16));
const kept = new Float32Array(4);
// Of Node's types this part is not in use here.
const { Memory } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer } } }).WebAssembly;
const memory = new Memory({ initial: 1 });
let last: Float32Array | undefined;

/** Each gives a batch of two samples of two numbers. */
const ways = {
  /** New each time; the label says how long the array of the batch before is by now. */
  own: () => {
    const before = last?.byteLength ?? -1;
    last = Float32Array.of(1, 2, 3, 4);
    return { inputs: { values: last, shape: [2, 2] }, labels: Float32Array.of(before, before) };
  },
  'a part of a table': (batch: number) => ({ inputs: { values: table.subarray(batch * 4, batch * 4 + 4), shape: [2, 2] } }),
  'shared memory': (batch: number) => ({ inputs: { values: shared.fill(batch), shape: [2, 2] } }),
  'the same array again': () => ({ inputs: { values: kept, shape: [2, 2] } }),
  'one array twice': () => {
    const values = Float32Array.of(1, 2, 3, 4);
    return { inputs: { values, shape: [2, 2] }, labels: { values, shape: [2, 2] } };
  },
  'a Buffer of the pool': (batch: number) => ({ inputs: { values: Buffer.from([batch, 1, 2, 3]), shape: [2, 2] } }),
  'memory of WebAssembly': (batch: number) => ({ inputs: { values: new Float32Array(memory.buffer).fill(batch), shape: [2, memory.buffer.byteLength / 8] } }),
  'rows of numbers': (batch: number) => ({ inputs: [[batch, 1], [2, 3]] }),
  'several by name': (batch: number) => ({ inputs: { left: { values: table.subarray(0, 2), shape: [2, 1] }, right: Float32Array.of(batch, 1) }, labels: Int32Array.of(0, 1) }),
  'a function': () => ({ inputs: () => 1 }) as unknown as Samples,
} satisfies Record<string, (batch: number) => Samples>;

export type Way = keyof typeof ways;

export default defineLoader((way: Way) => ({ count: 8, batch: (_, { batch }) => ways[way](batch) }));
