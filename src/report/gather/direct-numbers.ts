import type { TrainscopeEvent } from '../../events/index.js';
import type { BoundedHeat } from './bounded-heat.js';
import type { BoundedSeries } from './bounded-series.js';
import { drawEvent } from './chart-events.js';
import { slotOf } from './line-shapes.js';
import type { Drawing, Plots } from './plots.js';

/** Where each number of a line goes, for all lines of one shape. */
export interface DirectNumbers {
  readonly wanted: Uint8Array;
  /** Which of the numbers are those of the envelope. */
  readonly seq: number;
  readonly time: number;
  readonly epoch: number;
  readonly step: number;
  readonly points: readonly { readonly series: BoundedSeries; readonly slot: number }[];
  readonly cells: readonly { readonly heat: BoundedHeat; readonly row: string; readonly slot: number }[];
  /** Metrics of a step by name, for the latest. */
  readonly latest: readonly { readonly name: string; readonly slot: number }[];
}

/**
 * Finds out where the numbers of an event go, by drawing one whose numbers are placeholders.
 * @param event With placeholders
 * @param slots How many numbers its line has
 * @returns undefined where a number is not drawn as it is, or where it depends on what was drawn before
 */
export function directNumbers(plots: Plots, event: TrainscopeEvent, slots: number): DirectNumbers | undefined {
  const slot = (value: number): number | undefined => slotOf(value, slots);
  const [seq, time, epoch, step] = [event.seq, event.time, event.epoch, event.step].map(slot);
  if (seq === undefined || time === undefined || epoch === undefined || step === undefined) return undefined;
  const found = { isDirect: true };
  const points: { series: () => BoundedSeries | undefined; slot: number }[] = [];
  const cells: { heat: () => BoundedHeat; row: string; slot: number }[] = [];
  const recorder: Drawing = {
    add(parts, name, at, value, of = null) {
      if (value === undefined) return;
      const from = slot(value);
      if (from === undefined || at.step !== event.step) found.isDirect = false;
      else points.push({ series: () => plots.series(parts, name, of), slot: from });
    },
    heat(parts, row, at, value) {
      if (value === undefined) return;
      const from = slot(value);
      if (from === undefined || at !== event.step) found.isDirect = false;
      else cells.push({ heat: () => plots.heatMap(parts), row, slot: from });
    },
    lastStep() {
      found.isDirect = false;
      return undefined;
    },
  };
  drawEvent(recorder, event, { step: event.step, time: 0 });
  if (!found.isDirect) return undefined;
  const { loss, metrics } = event.event === 'step' ? event.data : {};
  const latest = Object.entries({ ...(metrics as Readonly<Record<string, unknown>> | undefined), loss }).flatMap(([name, value]) => {
    const from = typeof value === 'number' ? slot(value) : undefined;
    return from === undefined ? [] : [{ name, slot: from }];
  });
  const wanted = new Uint8Array(slots);
  for (const each of [seq, time, epoch, step, ...points.map((point) => point.slot), ...cells.map((cell) => cell.slot), ...latest.map((metric) => metric.slot)]) wanted[each] = 1;
  return {
    wanted,
    seq,
    time,
    epoch,
    step,
    points: points.flatMap(({ series, slot: from }) => {
      const known = series();
      return known === undefined ? [] : [{ series: known, slot: from }];
    }),
    cells: cells.map(({ heat, row, slot: from }) => ({ heat: heat(), row, slot: from })),
    latest,
  };
}
