import type { Real, Series } from '../model.js';

interface Point {
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

/** A stretch of steps in four of its points, and the first place where it was not finite. */
interface Bucket {
  readonly index: number;
  readonly first: Point;
  /** Written over by each point that is added: a long series must not leave an object for each behind. */
  readonly last: { step: number; time: number; value: number };
  lowest: Point | undefined;
  highest: Point | undefined;
  notFinite: Point | undefined;
}

/** Up to this many points all are kept: more than a chart has pixels across. */
const mostWhole = 2048;
/** Stretches of a longer series: with four points each, again about as many as there are pixels. */
const mostBuckets = 512;
/** Places that are listed one by one where a series is not finite: more say nothing new. */
const mostNotFinite = 20;

export const realOf = (value: number): Real => (Number.isFinite(value) ? value : (String(value) as Real));

/** Seconds to the millisecond, which is what an event's time has. */
const rounded = (time: number): number => Math.round(time * 1000) / 1000;

/**
 * Numbers over steps, in bounded memory. A series that grows long is kept as stretches of steps, each with its first,
 * lowest, highest and last point (M4: Jugel et al., VLDB 2014); when there are too many stretches, neighbours become one.
 * So every extreme stays, at its own step, and no point is made up.
 */
export class BoundedSeries {
  #whole: Point[] | undefined = [];
  #buckets: Bucket[] = [];
  #width = 1;
  #points = 0;
  #lowest: Point | undefined;
  #highest: Point | undefined;
  #lastStep: number | undefined;
  #lastValue = NaN;
  #notFinite = 0;
  readonly #firstNotFinite: Point[] = [];

  constructor(
    readonly id: string,
    readonly name: string,
    readonly of: Series['of'] = null,
  ) {}

  get points(): number {
    return this.#points;
  }

  get lastStep(): number | undefined {
    return this.#lastStep;
  }

  add(step: number, time: number, value: number): void {
    this.#points += 1;
    this.#lastStep = step;
    this.#lastValue = value;
    if (Number.isFinite(value)) {
      if (this.#lowest === undefined || value < this.#lowest.value) this.#lowest = { step, time, value };
      if (this.#highest === undefined || value > this.#highest.value) this.#highest = { step, time, value };
    } else {
      this.#notFinite += 1;
      if (this.#firstNotFinite.length < mostNotFinite) this.#firstNotFinite.push({ step, time, value });
    }
    if (this.#whole === undefined) this.#put(step, time, value);
    else {
      this.#whole.push({ step, time, value });
      if (this.#whole.length > mostWhole) {
        const points = this.#whole;
        this.#whole = undefined;
        for (const each of points) this.#put(each.step, each.time, each.value);
      }
    }
  }

  /** @param most How many points it may have; 0 for none at all. */
  result(most = Infinity): Series {
    const kept = this.#kept(most);
    return {
      id: this.id,
      name: this.name,
      of: this.of,
      steps: kept.map(({ step }) => step),
      times: kept.map(({ time }) => rounded(time)),
      values: kept.map(({ value }) => (Number.isFinite(value) ? value : null)),
      points: this.#points,
      lowest: this.#lowest === undefined ? null : { step: this.#lowest.step, value: this.#lowest.value },
      highest: this.#highest === undefined ? null : { step: this.#highest.step, value: this.#highest.value },
      last: this.#lastStep === undefined ? null : { step: this.#lastStep, value: realOf(this.#lastValue) },
      notFinite: { count: this.#notFinite, first: this.#firstNotFinite.map(({ step, value }) => ({ step, value: realOf(value) })) },
    };
  }

  #kept(most: number): readonly Point[] {
    const stretches = Math.max(1, Math.floor(most / 4));
    if (this.#whole !== undefined) {
      if (this.#whole.length <= most) return this.#whole;
      const points = this.#whole.toSorted((a, b) => a.step - b.step);
      return pointsOf(merged(points.map((point) => bucketOf(point, point.step)), stretches).buckets);
    }
    return pointsOf(this.#buckets.length <= stretches ? this.#buckets : merged(this.#buckets, stretches).buckets);
  }

  #put(step: number, time: number, value: number): void {
    const newest = this.#buckets.at(-1);
    // A step that lies behind, as of an odd log, goes to the newest stretch.
    const index = Math.max(Math.floor(step / this.#width), newest?.index ?? 0);
    if (newest?.index === index) {
      put(newest, step, time, value);
      return;
    }
    this.#buckets.push(bucketOf({ step, time, value }, index));
    if (this.#buckets.length <= mostBuckets) return;
    const { buckets, factor } = merged(this.#buckets, mostBuckets / 2);
    this.#buckets = [...buckets];
    this.#width *= factor;
  }
}

const bucketOf = (point: Point, index: number): Bucket => {
  const isFinite = Number.isFinite(point.value);
  return { index, first: point, last: { ...point }, lowest: isFinite ? point : undefined, highest: isFinite ? point : undefined, notFinite: isFinite ? undefined : point };
};

/** Adds a later point to a stretch. */
function put(into: Bucket, step: number, time: number, value: number): void {
  const { last, lowest, highest } = into;
  last.step = step;
  last.time = time;
  last.value = value;
  if (Number.isFinite(value)) {
    if (lowest === undefined || value < lowest.value) into.lowest = { step, time, value };
    if (highest === undefined || value > highest.value) into.highest = { step, time, value };
  } else into.notFinite ??= { step, time, value };
}

/** Adds a later stretch to one. */
function take(into: Bucket, later: Bucket): void {
  Object.assign(into.last, later.last);
  if (later.lowest !== undefined && (into.lowest === undefined || later.lowest.value < into.lowest.value)) into.lowest = later.lowest;
  if (later.highest !== undefined && (into.highest === undefined || later.highest.value > into.highest.value)) into.highest = later.highest;
  into.notFinite ??= later.notFinite;
}

/** As many stretches as `most`, or fewer: each `factor`, a power of two, times as wide. */
function merged(buckets: readonly Bucket[], most: number): { readonly buckets: readonly Bucket[]; readonly factor: number } {
  let factor = 1;
  let of: readonly Bucket[] = buckets;
  while (of.length > most) {
    factor *= 2;
    const next: Bucket[] = [];
    for (const each of of) {
      const index = Math.floor(each.index / 2);
      const newest = next.at(-1);
      if (newest?.index === index) take(newest, each);
      else next.push({ ...each, index, last: { ...each.last } });
    }
    of = next;
  }
  return { buckets: of, factor };
}

function pointsOf(buckets: readonly Bucket[]): readonly Point[] {
  const points: Point[] = [];
  for (const { first, last, lowest, highest, notFinite } of buckets) {
    const kept = [first, lowest, highest, notFinite, last].filter((point) => point !== undefined).sort((a, b) => a.step - b.step);
    // One point may be several of these.
    for (const [i, point] of kept.entries()) if (!kept.slice(0, i).some(({ step, value }) => step === point.step && Object.is(value, point.value))) points.push(point);
  }
  return points;
}
