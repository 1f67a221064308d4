import type { Chart, HeatMap, Series } from '../model.js';
import { BoundedHeat, type HeatMapParts } from './bounded-heat.js';
import { BoundedSeries } from './bounded-series.js';

export type ChartParts = Omit<Chart, 'series'>;

/** Where in a run a number belongs. */
export interface Place {
  readonly step: number;
  /** Seconds since the run's first event. */
  readonly time: number;
}

/**
 * Points of all series of a run together, at the most: some 30 bytes each make a page of 9 MB, which opens in a second or
 * two (bench/report.ts).
 */
const mostPoints = 300_000;
/** Of a single series: what a chart of usual width can show. */
const mostPointsOfOne = 2048;
/** Of a series among very many: enough to see its course. */
const fewestPoints = 64;
/** Series of a run; a model of 500 weights in six figures comes to 3000. */
const mostSeries = 4000;

interface Plot {
  readonly parts: ChartParts;
  readonly series: Map<string, BoundedSeries>;
}

/** What an event's numbers are drawn on. */
export interface Drawing {
  /** Adds a point; nothing for a number that is not there. @param name In the legend; with the chart it makes the series' id. */
  add(parts: ChartParts, name: string, at: Place, value: number | undefined, of?: Series['of']): void;
  heat(parts: HeatMapParts, row: string, step: number, value: number | undefined): void;
  /** Step of a series' newest point. */
  lastStep(chart: string, name: string): number | undefined;
}

/** The charts of a run while its events come in. */
export class Plots implements Drawing {
  readonly #plots = new Map<string, Plot>();
  readonly #heats = new Map<string, BoundedHeat>();
  readonly #ids = new Set<string>();
  #series = 0;

  add(parts: ChartParts, name: string, { step, time }: Place, value: number | undefined, of: Series['of'] = null): void {
    if (value !== undefined) this.series(parts, name, of)?.add(step, time, value);
  }

  /** A series, made where there is none; undefined when there are too many already. */
  series(parts: ChartParts, name: string, of: Series['of']): BoundedSeries | undefined {
    let plot = this.#plots.get(parts.id);
    let series = plot?.series.get(name);
    if (series !== undefined) return series;
    if (this.#series >= mostSeries) return undefined;
    if (plot === undefined) {
      plot = { parts, series: new Map() };
      this.#plots.set(parts.id, plot);
    }
    this.#series += 1;
    series = new BoundedSeries(`${parts.id}/${name}`, name, of);
    plot.series.set(name, series);
    this.#ids.add(series.id);
    return series;
  }

  heat(parts: HeatMapParts, row: string, step: number, value: number | undefined): void {
    if (value !== undefined) this.heatMap(parts).add(row, step, value);
  }

  heatMap(parts: HeatMapParts): BoundedHeat {
    let heat = this.#heats.get(parts.id);
    if (heat === undefined) {
      heat = new BoundedHeat(parts);
      this.#heats.set(parts.id, heat);
    }
    return heat;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  hasChart(id: string): boolean {
    return this.#plots.has(id);
  }

  lastStep(chart: string, name: string): number | undefined {
    return this.#plots.get(chart)?.series.get(name)?.lastStep;
  }

  /** @param leaveOut Charts that another one shows as well. */
  result(leaveOut: (id: string) => boolean): { readonly charts: readonly Chart[]; readonly series: readonly Series[]; readonly heatMaps: readonly HeatMap[] } {
    const plots = [...this.#plots.values()].filter(({ parts }) => !leaveOut(parts.id));
    const all = plots.flatMap(({ series }) => [...series.values()]);
    const most = Math.min(mostPointsOfOne, Math.max(fewestPoints, Math.floor(mostPoints / Math.max(1, all.length))));
    return {
      charts: plots.map(({ parts, series }) => ({ ...parts, series: [...series.values()].map(({ id }) => id) })),
      series: all.map((each) => each.result(most)),
      // One row, or one column, is a line or a list of numbers, which the charts show better.
      heatMaps: [...this.#heats.values()].filter((heat) => !leaveOut(heat.parts.id) && heat.rows > 1 && heat.columns > 1).map((heat) => heat.result()),
    };
  }
}
