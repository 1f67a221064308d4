import * as tf from '@tensorflow/tfjs-core';

/** Sums as a checkpoint holds them: hexadecimal text keeps every bit, those of -0 and NaN too. */
export interface SavedSums {
  readonly samples: number;
  readonly host: string;
  readonly pending: string | null;
}

const toHex = ({ buffer, byteOffset, byteLength }: Float64Array | Float32Array): string => Buffer.from(buffer, byteOffset, byteLength).toString('hex');
const fromHex = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'hex')).buffer;

/**
 * Sums over the batches of an epoch: added up on the device between two readings, in double precision on the host
 * after each. So a step in which nothing is due reads nothing, and a long epoch does not lose digits in float32.
 */
export class RunningSums {
  #host: Float64Array;
  #device: tf.Tensor1D | undefined;
  #samples = 0;

  constructor(readonly width: number) {
    this.#host = new Float64Array(width);
  }

  get samples(): number {
    return this.#samples;
  }

  /** Adds a vector [width] of sums over `samples` samples. The vector is taken over. */
  add(vector: tf.Tensor1D, samples: number): void {
    this.#samples += samples;
    const before = this.#device;
    if (before === undefined) {
      this.#device = vector;
      return;
    }
    this.#device = tf.add(before, vector);
    before.dispose();
    vector.dispose();
  }

  /** What waits on the device, to be read together with other things and handed to `settle`. */
  get pending(): tf.Tensor1D | undefined {
    return this.#device;
  }

  /** Takes in what was read of `pending`. */
  settle(values: ArrayLike<number>): void {
    this.addRead(values, 0);
    this.#device?.dispose();
    this.#device = undefined;
  }

  /** Adds sums that were read already. */
  addRead(values: ArrayLike<number>, samples: number): void {
    this.#samples += samples;
    for (let i = 0; i < this.width; i += 1) this.#host[i] = (this.#host[i] ?? 0) + (values[i] ?? 0);
  }

  /** The sums, once nothing is pending. */
  get sums(): Float64Array {
    return this.#host;
  }

  /** All that is known, its bits as hexadecimal text: what waits on the device was read, and not added. */
  save(pending: Float32Array | undefined): SavedSums {
    return { samples: this.#samples, host: toHex(this.#host), pending: pending === undefined ? null : toHex(pending) };
  }

  /** Goes on from what was saved. @returns false, with nothing changed, when it is of another number of metrics. */
  restore({ samples, host, pending }: SavedSums): boolean {
    const [saved, waiting] = [new Float64Array(fromHex(host)), pending === null ? undefined : new Float32Array(fromHex(pending))];
    if (saved.length !== this.width || (waiting !== undefined && waiting.length !== this.width)) return false;
    this.dispose();
    this.#host = saved;
    this.#samples = samples;
    if (waiting !== undefined) this.#device = tf.tensor1d(waiting);
    return true;
  }

  reset(): void {
    this.dispose();
    this.#host = new Float64Array(this.width);
    this.#samples = 0;
  }

  dispose(): void {
    this.#device?.dispose();
    this.#device = undefined;
  }
}
