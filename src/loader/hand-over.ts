import type { MessagePort } from 'node:worker_threads';
import type { NumericArray, Samples } from '../data/source.js';
import { thrownText } from '../thrown-text.js';
import { loaderFailed, placeOf } from './loader-error.js';
import type { FromLoader, Job } from './messages.js';

const arrays = { Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array } as const;
type ArrayName = keyof typeof arrays;

/** By its kind and not by its class: a Buffer of Node is a Uint8Array. Anything else stays as it is, and the training will say what is wrong with it. */
const kindOf = (value: object): ArrayName | undefined => {
  const name = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof name === 'string' && ArrayBuffer.isView(value) && Object.hasOwn(arrays, name) ? (name as ArrayName) : undefined;
};

/** Has a buffer of its own, which nothing else can see. */
const copied = (values: NumericArray, kind: ArrayName): NumericArray => new arrays[kind](values);

/** Whether nothing but this view can be in its buffer. Shared memory stays with whoever shares it. */
const coversItsBuffer = ({ buffer, byteLength }: NumericArray): boolean => buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;

/** Sends batches with their arrays handed over and not copied. */
export class HandOver {
  readonly #port: MessagePort;
  /** Buffers that are gone. A module that gives one again has kept it. */
  readonly #gone = new WeakSet<ArrayBufferLike>();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @throws DataError LOADER_FAILED for what cannot be sent, and for arrays that were sent before */
  send(id: number, job: Job, samples: Samples): void {
    try {
      this.#post(id, samples, job, false);
    } catch (error) {
      // Memory of WebAssembly, and what Node marks so, cannot be handed over: from Node 21 on that is an error.
      if (!(error instanceof Error && error.name === 'DataCloneError')) throw error;
      try {
        this.#post(id, samples, job, true);
      } catch (cause) {
        throw loaderFailed({
          found: `${placeOf(job)} cannot be sent to the training: ${thrownText(cause)}`,
          expected: 'typed arrays, { values, shape } and nested arrays of numbers pass between threads, and no tensors',
          remedy: 'Give the numbers of a tensor: { values: tensor.dataSync(), shape: tensor.shape }.',
          cause,
        });
      }
    }
  }

  #post(id: number, samples: Samples, job: Job, copyAll: boolean): void {
    const transfer = new Set<ArrayBuffer>();
    const own = mapArrays(samples, (values, kind) => {
      if (this.#gone.has(values.buffer)) throw givenAgain(job);
      const sent = copyAll || !coversItsBuffer(values) ? copied(values, kind) : values;
      if (sent.byteLength > 0) transfer.add(sent.buffer as ArrayBuffer);
      return sent;
    });
    const message: FromLoader = { kind: 'made', id, samples: own as Samples };
    this.#port.postMessage(message, [...transfer]);
    // Before Node 21 what cannot be handed over is copied without a word: it is not gone, and may come again.
    for (const buffer of transfer) if (buffer.byteLength === 0) this.#gone.add(buffer);
  }
}

const givenAgain = (job: Job): Error =>
  loaderFailed({
    found: `${placeOf(job)} has an array that went to the training with an earlier batch`,
    expected: 'the arrays of a batch are handed over, and the module does not keep them',
    remedy: 'Return a new array each time, or a copy: values.slice().',
  });

/** The same with other typed arrays, wherever samples may have some. */
function mapArrays(value: unknown, map: (values: NumericArray, kind: ArrayName) => NumericArray): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const kind = kindOf(value);
  if (kind !== undefined) return map(value as NumericArray, kind);
  // Rows of numbers may be many, and hold no arrays.
  if (Array.isArray(value)) return typeof value[0] === 'object' ? value.map((each) => mapArrays(each, map)) : (value as unknown);
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapArrays(each, map)]));
}
