/** What a window of the latest steps says of the speed. */
export interface Speed {
  readonly steps: number;
  readonly samples: number;
  /** Of all these steps together, ms. */
  readonly ms: number;
  readonly p50: number;
  readonly p95: number;
}

interface Step {
  readonly ms: number;
  readonly samples: number;
}

/**
 * Value below which a share of the sorted values lies, interpolated linearly between two neighbours: NumPy's default
 * (Hyndman & Fan 1996, type 7).
 */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** Times and samples of the latest steps. It reads no clock: the times of steps are given. */
export class StepWindow {
  readonly #steps: Step[] = [];
  #next = 0;

  constructor(readonly size: number) {}

  add(step: Step): void {
    this.#steps[this.#next] = step;
    this.#next = (this.#next + 1) % this.size;
  }

  /** Undefined before the first step. */
  get speed(): Speed | undefined {
    if (this.#steps.length === 0) return undefined;
    const times = this.#steps.map(({ ms }) => ms).sort((a, b) => a - b);
    return {
      steps: times.length,
      samples: this.#steps.reduce((sum, { samples }) => sum + samples, 0),
      ms: times.reduce((sum, ms) => sum + ms, 0),
      p50: quantile(times, 0.5),
      p95: quantile(times, 0.95),
    };
  }
}
