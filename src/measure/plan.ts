import { compileCadence, type StepPlace } from './cadence.js';
import type { Measurement, Measurements, Needs } from './measurement.js';
import type { SourceName } from './sources.js';

/** One asker's needs, with who asks. */
export interface PlanRequest {
  readonly owner: string;
  readonly needs: Needs<Measurements>;
}

/** All that a due step has to make, each measurement once. */
export interface Due {
  readonly measurements: readonly Measurement<unknown>[];
  readonly sources: ReadonlySet<SourceName>;
  /** Layers whose activations are wanted; undefined: all; empty: none. */
  readonly layers: readonly string[] | undefined;
  readonly probeSamples: number;
  /** Who hears of it: owner, and for each of its names the place in `measurements`. */
  readonly askers: readonly { readonly owner: string; readonly names: ReadonlyMap<string, number> }[];
}

/**
 * Which measurements are due when. Built once at the start of a fit; `due` is null in most steps, and that answer
 * costs one predicate an asker and allocates nothing.
 */
export class MeasurementPlan {
  readonly #askers: readonly { readonly owner: string; readonly of: Measurements; readonly isDue: (place: StepPlace) => boolean }[];
  readonly #combinations = new Map<string, Due>();

  /** @throws ConfigError MEASUREMENT_INVALID for a cadence with a step that is not a whole number from 1. */
  constructor(requests: readonly PlanRequest[]) {
    this.#askers = requests
      .filter(({ needs }) => Object.keys(needs.of).length > 0)
      .map(({ owner, needs }) => ({ owner, of: needs.of, isDue: compileCadence(needs) }));
  }

  /** All measurements that any asker may want, each once. */
  get measurements(): readonly Measurement<unknown>[] {
    return [...new Map(this.#askers.flatMap(({ of }) => Object.values(of)).map((each) => [each.key, each])).values()];
  }

  /** What this step has to measure, or null. `except` names owners that are not to be served (disabled plugins). */
  due(place: StepPlace, except: ReadonlySet<string>): Due | null {
    let which = '';
    for (let i = 0; i < this.#askers.length; i += 1) {
      const asker = this.#askers[i];
      if (asker?.isDue(place) === true && !except.has(asker.owner)) which += `${String(i)},`;
    }
    if (which === '') return null;
    let due = this.#combinations.get(which);
    if (due === undefined) this.#combinations.set(which, (due = this.#combine(which)));
    return due;
  }

  #combine(which: string): Due {
    const places = new Map<string, number>();
    const measurements: Measurement<unknown>[] = [];
    const askers: { owner: string; names: ReadonlyMap<string, number> }[] = [];
    for (const index of which.split(',').slice(0, -1)) {
      const asker = this.#askers[Number(index)];
      if (asker === undefined) continue;
      const names = new Map<string, number>();
      for (const [name, measurement] of Object.entries(asker.of)) {
        let place = places.get(measurement.key);
        if (place === undefined) {
          places.set(measurement.key, (place = measurements.length));
          measurements.push(measurement);
        }
        names.set(name, place);
      }
      askers.push({ owner: asker.owner, names });
    }
    const tapping = measurements.filter(({ sources }) => sources.includes('activations'));
    const all = tapping.some(({ layers }) => layers === undefined);
    return {
      measurements,
      sources: new Set(measurements.flatMap(({ sources }) => sources)),
      layers: all ? undefined : [...new Set(tapping.flatMap(({ layers }) => layers ?? []))],
      probeSamples: Math.max(0, ...measurements.map(({ probeSamples }) => probeSamples ?? 0)),
      askers,
    };
  }
}
