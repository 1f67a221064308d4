import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Milliseconds a step, by the clock and of the processor (of all threads). */
export interface StepTime {
  readonly wall: number;
  readonly cpu: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Reads the clock when the first layer is called for a training step: so each way of training is measured at the same place,
 * from within, and neither what it does before the first step nor after the last counts.
 */
export class StepClock {
  #count = 0;
  #began = { wall: 0, cpu: 0 };
  #time: StepTime | undefined;

  /** @param warmUp Steps before the clock is started. @param steps Steps in all; the time is of those between. */
  constructor(
    readonly warmUp: number,
    readonly steps: number,
  ) {}

  /** Watches a model: one call of its first layer with training on is a step. */
  watch(model: LayersModel): void {
    const first = model.layers.find((layer) => layer.getClassName() !== 'InputLayer');
    if (first === undefined) throw new Error('the model has no layers');
    const call = first.call.bind(first);
    first.call = (inputs, kwargs) => {
      if ((kwargs as { training?: boolean }).training === true) this.tick();
      return call(inputs, kwargs);
    };
  }

  /** A step begins. */
  tick(): void {
    this.#count += 1;
    if (this.#count === this.warmUp + 1) this.#began = { cpu: cpuMs(), wall: performance.now() };
    else if (this.#count === this.steps) {
      const measured = this.steps - this.warmUp - 1;
      this.#time = { wall: (performance.now() - this.#began.wall) / measured, cpu: (cpuMs() - this.#began.cpu) / measured };
    }
  }

  /** @throws Error when there were not as many steps as were to be */
  get time(): StepTime {
    if (this.#time === undefined || this.#count !== this.steps) throw new Error(`${String(this.#count)} steps were done, not ${String(this.steps)}`);
    return this.#time;
  }
}
