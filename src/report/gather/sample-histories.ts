import type { SampleHistory } from '../model.js';
import { listIn, numberIn, recordIn, textIn } from './wire-event.js';

/** Looks that are kept of each sample: as many as can be told apart in a chart of usual width. */
const mostLooks = 400;
/** Samples of an output, and outputs of a sample, that are kept: what one can look at one by one. */
const mostSamples = 64;
const mostOutputs = 16;

interface Look {
  readonly step: number;
  readonly predictions: readonly (number | null)[];
  readonly label: number | null;
}

interface Sample {
  readonly output: string;
  readonly task: string;
  readonly index: number;
  flips: number | null;
  looks: Look[];
  /** One look in so many is kept. */
  every: number;
  seen: number;
}

/** What the model said of single samples, look by look, from the event `prediction-dynamics`. */
export class SampleHistories {
  readonly #samples = new Map<string, Sample>();
  readonly #counts = new Map<string, number>();

  add(data: Readonly<Record<string, unknown>>, step: number): void {
    const output = textIn(data['output']) ?? 'output';
    for (const given of listIn(data['samples'])) {
      const each = recordIn(given);
      const index = numberIn(each['index']);
      if (index === undefined) continue;
      const key = `${String(index)} ${output}`;
      let sample = this.#samples.get(key);
      if (sample === undefined) {
        const count = this.#counts.get(output) ?? 0;
        if (count >= mostSamples) continue;
        this.#counts.set(output, count + 1);
        sample = { output, task: textIn(data['task']) ?? '', index, flips: null, looks: [], every: 1, seen: 0 };
        this.#samples.set(key, sample);
      }
      sample.flips = numberIn(each['flips']) ?? null;
      const predictions = listIn(each['prediction']).slice(0, mostOutputs).map((value) => {
        const number = numberIn(value);
        return number === undefined || !Number.isFinite(number) ? null : number;
      });
      if (sample.seen % sample.every === 0) sample.looks.push({ step, predictions, label: numberIn(each['label']) ?? null });
      sample.seen += 1;
      if (sample.looks.length <= mostLooks) continue;
      sample.looks = sample.looks.filter((_, i) => i % 2 === 0);
      sample.every *= 2;
    }
  }

  result(): readonly SampleHistory[] {
    return [...this.#samples.values()].map(({ output, task, index, flips, looks }) => ({ output, task, index, flips, steps: looks.map(({ step }) => step), predictions: looks.map(({ predictions }) => predictions), labels: looks.map(({ label }) => label) }));
  }
}
