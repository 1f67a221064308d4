import type { HeatMap } from '../model.js';

/** How the values of weights, gradients and activations are distributed over time. */
export class HistogramMaps {
  add(_data: Readonly<Record<string, unknown>>, _step: number): void {
    // Replaced once the event's data is settled.
  }

  result(): readonly HeatMap[] {
    return [];
  }
}
