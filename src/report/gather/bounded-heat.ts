import type { HeatMap } from '../model.js';
import { realOf } from './bounded-series.js';

/** A heat map but for its values. */
export interface HeatMapParts extends Omit<HeatMap, 'rows' | 'steps' | 'cells'> {
  /** What becomes of two values of one stretch: the larger, or their sum (counts). */
  readonly join: 'largest' | 'sum';
}

/** Columns that are kept: about as many as can be told apart on a screen. */
const mostColumns = 240;

interface Column {
  index: number;
  readonly step: number;
  readonly cells: (number | undefined)[];
}

/** NaN is what must be seen: it stays, whatever it meets. */
const largest = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));
const sum = (a: number, b: number): number => a + b;

/** Values by row and stretch of steps, in bounded memory: when there are too many columns, neighbours become one. */
export class BoundedHeat {
  readonly #rows: string[] = [];
  readonly #places = new Map<string, number>();
  #columns: Column[] = [];
  #width = 1;
  readonly #join: (a: number, b: number) => number;

  constructor(
    readonly parts: HeatMapParts,
    readonly mostRows = 400,
  ) {
    this.#join = parts.join === 'sum' ? sum : largest;
  }

  get rows(): number {
    return this.#rows.length;
  }

  get columns(): number {
    return this.#columns.length;
  }

  add(row: string, step: number, value: number): void {
    let place = this.#places.get(row);
    if (place === undefined) {
      if (this.#rows.length >= this.mostRows) return;
      place = this.#rows.push(row) - 1;
      this.#places.set(row, place);
    }
    const cells = this.#columnOf(step).cells;
    const before = cells[place];
    cells[place] = before === undefined ? value : this.#join(before, value);
  }

  #columnOf(step: number): Column {
    const newest = this.#columns.at(-1);
    const index = Math.max(Math.floor(step / this.#width), newest?.index ?? 0);
    if (newest?.index === index) return newest;
    const column: Column = { index, step, cells: [] };
    this.#columns.push(column);
    if (this.#columns.length <= mostColumns) return column;
    while (this.#columns.length > mostColumns / 2) {
      this.#width *= 2;
      const next: Column[] = [];
      for (const each of this.#columns) {
        const half = Math.floor(each.index / 2);
        const before = next.at(-1);
        if (before?.index !== half) next.push({ ...each, index: half });
        else each.cells.forEach((value, row) => {
            if (value === undefined) return;
            const present = before.cells[row];
            before.cells[row] = present === undefined ? value : this.#join(present, value);
          });
      }
      this.#columns = next;
    }
    return this.#columns.at(-1) ?? column;
  }

  result(): HeatMap {
    const { join: _, ...parts } = this.parts;
    return {
      ...parts,
      rows: [...this.#rows],
      steps: this.#columns.map(({ step }) => step),
      cells: this.#rows.map((_row, place) => this.#columns.map(({ cells }) => (cells[place] === undefined ? null : realOf(cells[place])))),
    };
  }
}
