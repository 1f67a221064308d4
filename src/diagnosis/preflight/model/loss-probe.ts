import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import type { RandomStream } from '../../../random/index.js';
import type { Lab } from '../lab.js';
import { rowsOf } from '../sample.js';
import { labelValues, type Facts, type OutputFacts } from './facts.js';
import { valuesOf } from './predictions.js';

/** One output's loss as a function that can be called with any predictions. */
export class LossProbe {
  private constructor(
    private readonly lab: Lab,
    readonly output: OutputFacts,
    /** Samples whose labels are used. */
    readonly rows: Int32Array,
    /** Their labels, row-major. */
    readonly labels: Float32Array,
    /** Numbers that a sample's prediction has. */
    readonly size: number,
  ) {}

  /** Takes samples with labels that differ, where there are such. */
  static of(lab: Lab, facts: Facts, output: OutputFacts, count = 6): LossProbe {
    const { width } = output.labels;
    const seen = new Map<string, number>();
    for (const index of facts.indices) {
      if (seen.size === count) break;
      const key = output.labels.values.subarray(index * width, (index + 1) * width).join();
      if (!seen.has(key)) seen.set(key, index);
    }
    const distinct = [...seen.values()];
    for (const index of facts.indices) {
      if (distinct.length >= Math.min(count, facts.indices.length)) break;
      if (!distinct.includes(index)) distinct.push(index);
    }
    const rows = Int32Array.from(distinct);
    return new LossProbe(lab, output, rows, labelValues(output, rows), output.rest.reduce((product, each) => product * each, 1));
  }

  /** The label of sample `i` of the rows, as a prediction-sized row of one-hot or plain values; undefined for labels of another form. */
  get targets(): Float32Array | undefined {
    const { kind, width } = this.output;
    if (kind === 'other') return undefined;
    if (kind !== 'class') return this.labels;
    const all = new Float32Array(this.labels.length * width);
    for (const [i, each] of this.labels.entries()) all[i * width + each] = 1;
    return all;
  }

  random(name: string): RandomStream {
    return this.lab.random(`model/loss/${String(this.output.index)}/${name}`);
  }

  /** Normally distributed predictions for the rows. */
  normals(name: string, scale = 1): Float32Array {
    const stream = this.random(name);
    return Float32Array.from({ length: this.rows.length * this.size }, () => scale * stream.normal());
  }

  /** Losses of the samples one by one, each in a batch of its own: NaN where the loss throws. */
  async single(predictions: Float32Array, order?: ArrayLike<number>): Promise<Float32Array> {
    return this.#losses(Array.from(this.rows, (_, i) => [i]), predictions, order);
  }

  /** Loss of the rows as one batch; `order` takes the labels of other rows. */
  async batch(predictions: Float32Array, order?: ArrayLike<number>): Promise<number> {
    return (await this.#losses([Array.from(this.rows, (_, i) => i)], predictions, order))[0] ?? NaN;
  }

  /** Loss of the batch with labels brought to the predictions' shape; undefined where they have it, or cannot. */
  async reshaped(predictions: Float32Array): Promise<number | undefined> {
    const { labels, rest } = this.output;
    if (labels.width !== this.size || labels.shape.slice(1).join() === rest.join()) return undefined;
    return (await this.#losses([Array.from(this.rows, (_, i) => i)], predictions, undefined, [...rest]))[0];
  }

  /**
   * Mean loss of each prediction beside each label of the rows, one pair at a time: what a batch's loss is where labels
   * and predictions spread over each other to [batch, batch].
   */
  async everyPair(predictions: Float32Array): Promise<number> {
    const count = this.rows.length;
    let sum = 0;
    for (let shift = 0; shift < count; shift += 1) {
      const losses = await this.single(predictions, Array.from({ length: count }, (_, i) => (i + shift) % count));
      for (const each of losses) sum += each;
    }
    return sum / (count * count);
  }

  async #losses(groups: readonly (readonly number[])[], predictions: Float32Array, order?: ArrayLike<number>, rest?: readonly number[]): Promise<Float32Array> {
    const values: Float32Array[] = [];
    for (const group of groups) {
      const made = this.#one(group, predictions, order, rest);
      values.push(made === undefined ? Float32Array.of(NaN) : ((await valuesOf([made]))[0] ?? Float32Array.of(NaN)));
    }
    return Float32Array.from(values, (each) => each[0] ?? NaN);
  }

  #one(group: readonly number[], predictions: Float32Array, order: ArrayLike<number> | undefined, rest: readonly number[] | undefined): tf.Tensor | undefined {
    const { output } = this;
    try {
      return tf.tidy(() => {
        const own = rowsOf(output.labels, group.map((i) => this.rows[order?.[i] ?? i] ?? 0));
        const labels = rest === undefined ? own : tf.reshape(own, [group.length, ...rest]);
        return this.lab.loss.computeOutput(output.name, labels, this.#predictions(group, predictions));
      });
    } catch {
      // A loss may refuse predictions of that form.
      return undefined;
    }
  }

  #predictions(group: readonly number[], predictions: Float32Array): tf.Tensor {
    const all = new Float32Array(group.length * this.size);
    for (const [at, i] of group.entries()) all.set(predictions.subarray(i * this.size, (i + 1) * this.size), at * this.size);
    return tf.tensor(all, [group.length, ...this.output.rest], 'float32');
  }

  /** Gradient of the batch's loss by the predictions; undefined where there is none. `order` takes the labels of other rows. */
  async gradient(predictions: Float32Array, order?: ArrayLike<number>): Promise<Float32Array | undefined> {
    const { output } = this;
    const group = Array.from(this.rows, (_, i) => i);
    const batch = this.lab.batch(group.map((i) => this.rows[order?.[i] ?? i] ?? 0));
    const labels = batch.labels[output.index];
    const at = this.#predictions(group, predictions);
    try {
      if (labels === undefined) return undefined;
      const gradient = tf.tidy(() => tf.grad((x: tf.Tensor) => this.lab.loss.computeOutput(output.name, labels, x))(at));
      return (await valuesOf([gradient]))[0];
    } catch {
      return undefined;
    } finally {
      at.dispose();
      disposeBatch(batch);
    }
  }
}

/** exp(x) / sum(exp(x)) along rows of `width`. */
export function softmaxOf(logits: Float32Array, width: number): Float32Array {
  const all = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += width) {
    const row = logits.subarray(from, from + width);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = row.reduce((whole, each) => whole + Math.exp(each - most), 0);
    for (let i = 0; i < width; i += 1) all[from + i] = Math.exp((row[i] ?? 0) - most) / sum;
  }
  return all;
}

export const sigmoidOf = (logits: Float32Array): Float32Array => logits.map((x) => 1 / (1 + Math.exp(-x)));
