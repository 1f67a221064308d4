import type { Chart, RunModel, Series } from '../model.js';
import { positions, smoothed, type Axis, type Point } from './curve.js';
import { h, table } from './dom.js';
import { chartIn, type EChartsType } from './echarts.js';
import { counted, digits, duration } from './numbers.js';
import { colourOf, colours, font } from './palette.js';
import type { Settings } from './settings.js';

/** A series of a run in a chart. */
export interface Shown {
  readonly run: RunModel;
  readonly series: Series;
}

/** What is marked in a chart of a finding. */
export interface Marked {
  readonly from: number;
  readonly to: number;
}

export interface PlotParts {
  readonly chart: Chart;
  readonly shown: readonly Shown[];
  /** Names of the runs in the legend. */
  readonly several: boolean;
  readonly marked?: Marked | null;
  /** Small, without its own controls: within a finding. */
  readonly small?: boolean;
}

/** Rows of a table of values: more are read elsewhere. */
const mostRows = 500;
/** Curves that a legend can list at once. */
const legendRows = 10;

const nameOf = ({ run, series }: Shown, several: boolean): string => (several ? `${run.name}: ${series.name}` : series.name);
const axisNames: Readonly<Record<Axis, string>> = { step: 'step', epoch: 'epoch', time: 'seconds' };

let made = 0;

/** A plot with its heading, its summary in words, its table of values, and a cursor for the keyboard. */
export class PlotView {
  readonly element: HTMLElement;
  readonly #settings: Settings;
  readonly #canvas: HTMLElement;
  readonly #summary: HTMLElement;
  readonly #notes: HTMLElement;
  readonly #values: HTMLElement;
  readonly #said: HTMLElement;
  readonly #scale: HTMLButtonElement | undefined;
  readonly #asTable: HTMLButtonElement;
  #parts: PlotParts;
  #chart: EChartsType | undefined;
  #cursor = -1;
  readonly #seen: WhenSeen;
  readonly #unhear: () => void;

  constructor(parts: PlotParts, settings: Settings) {
    this.#parts = parts;
    this.#settings = settings;
    made += 1;
    const id = `plot-${String(made)}`;
    const { chart, small = false } = parts;
    this.#summary = h('p', { class: 'summary', id: `${id}-summary` });
    this.#notes = h('p', { class: 'notes' });
    this.#said = h('p', { class: 'said', 'aria-live': 'polite' });
    this.#values = h('div', { class: 'values', hidden: true, id: `${id}-values` });
    this.#canvas = h('div', { class: small ? 'canvas small' : 'canvas', tabindex: 0, role: 'img', 'aria-label': `Chart: ${chart.title}. Arrow keys read its values.`, 'aria-describedby': `${id}-summary`, onkeydown: (event) => {
        this.#key(event as KeyboardEvent);
      } });
    this.#scale = small ? undefined : h('button', { type: 'button', class: 'quiet', onclick: () => {
        this.#switchScale();
      } });
    this.#asTable = h('button', { type: 'button', class: 'quiet', 'aria-expanded': 'false', 'aria-controls': `${id}-values`, onclick: () => {
        this.#toggleTable();
      } }, 'Table');
    this.element = h(
      'figure',
      { class: small ? 'plot small' : 'plot', 'data-chart': chart.id },
      h('figcaption', {}, h(small ? 'h4' : 'h3', { class: 'name' }, chart.title, chart.unit === '' ? null : h('span', { class: 'unit' }, ` ${chart.unit}`)), h('span', { class: 'tools' }, this.#scale, this.#asTable)),
      small || chart.about === '' ? null : h('p', { class: 'about' }, chart.about),
      this.#canvas,
      this.#notes,
      this.#said,
      this.#summary,
      this.#values,
    );
    this.#describe();
    this.#seen = new WhenSeen(this.element, () => this.#draw());
    this.#unhear = settings.onChange(() => {
      this.#describe();
      this.#seen.later();
    });
  }

  update(parts: PlotParts): void {
    const isSame = signatureOf(parts) === signatureOf(this.#parts);
    this.#parts = parts;
    if (isSame) return;
    this.#describe();
    this.#seen.later();
  }

  /** Draws it, in sight or not. */
  show(): void {
    this.#seen.now();
  }

  resize(): void {
    this.#chart?.resize();
  }

  /** It is taken off the page. */
  dispose(): void {
    this.#unhear();
    observer.unobserve(this.element);
    this.#chart?.dispose();
  }

  /** Takes the series as they are by now: for a chart whose part of the page stays as it is. */
  refresh(runs: readonly RunModel[]): void {
    this.update({
      ...this.#parts,
      shown: this.#parts.shown.map((each) => {
        const run = runs.find(({ key }) => key === each.run.key);
        const series = run?.series.find(({ id }) => id === each.series.id);
        return run === undefined || series === undefined ? each : { run, series };
      }),
    });
  }

  /** Without the runs that are switched off; what a finding shows is of its own run, and stays. */
  #visible(): readonly Shown[] {
    return this.#parts.small === true ? this.#parts.shown : this.#parts.shown.filter(({ run }) => !this.#settings.hidden.has(run.key));
  }

  get #scaleNow(): 'linear' | 'log' {
    const { chart, shown } = this.#parts;
    return this.#settings.scales.get(chart.id) ?? (chart.scale === 'log' && spansDecades(shown) ? 'log' : 'linear');
  }

  #switchScale(): void {
    this.#settings.scales.set(this.#parts.chart.id, this.#scaleNow === 'log' ? 'linear' : 'log');
    this.#draw();
  }

  #toggleTable(): void {
    const isOpen = this.#values.hidden;
    this.#values.hidden = !isOpen;
    this.#asTable.setAttribute('aria-expanded', String(isOpen));
    this.#fillTable();
  }

  #fillTable(): void {
    if (this.#values.hidden) return;
    const { chart, several } = this.#parts;
    const rows = this.#visible().flatMap((each) => each.series.steps.map((step, i) => [step, nameOf(each, several), each.series.values[i] ?? null] as const));
    rows.sort(([a], [b]) => a - b);
    const shown = rows.slice(0, mostRows);
    const left = rows.length - shown.length;
    this.#values.replaceChildren(table(`${chart.title}: values${left > 0 ? `, the first ${String(mostRows)} of ${String(rows.length)}` : ''}`, ['step', 'of', 'value'], shown.map(([step, name, value]) => [String(step), name, value === null ? 'not finite' : String(value)])));
  }

  /** For who cannot see the curves. */
  #describe(): void {
    const { several } = this.#parts;
    const shown = this.#visible();
    const lines = shown.slice(0, legendRows).map((each) => {
      const { lowest, highest, last, notFinite, points } = each.series;
      const range = lowest === null || highest === null ? 'no finite value' : `lowest ${digits(lowest.value)} at step ${String(lowest.step)}, highest ${digits(highest.value)} at step ${String(highest.step)}, last ${digits(last?.value)}`;
      return `${nameOf(each, several)}: ${counted(points, 'point')}, ${range}${notFinite.count > 0 ? `, ${String(notFinite.count)} not finite` : ''}.`;
    });
    this.#summary.textContent = [...lines, ...(shown.length > legendRows ? [`And ${String(shown.length - legendRows)} more.`] : [])].join(' ');
    this.#fillTable();
  }

  #draw(): boolean {
    if (this.#scale !== undefined) {
      this.#scale.textContent = this.#scaleNow === 'log' ? 'Logarithmic' : 'Linear';
      this.#scale.setAttribute('aria-label', `Axis of ${this.#parts.chart.title}: ${this.#scaleNow === 'log' ? 'logarithmic' : 'linear'}. Switch.`);
    }
    if (this.#canvas.clientWidth === 0) return false;
    if (this.#chart === undefined) {
      this.#chart = chartIn(this.#canvas);
      this.#chart.on('dataZoom', () => {
        this.#zoomed();
      });
    }
    this.#chart.setOption(this.#option(), { notMerge: true, lazyUpdate: false });
    return true;
  }

  #zoomed(): void {
    const [zoom] = (this.#chart?.getOption() as { dataZoom?: { start?: number; end?: number; startValue?: number; endValue?: number }[] } | undefined)?.dataZoom ?? [];
    if (zoom?.startValue === undefined || zoom.endValue === undefined) return;
    const isAll = (zoom.start ?? 0) <= 0 && (zoom.end ?? 100) >= 100;
    const next = isAll ? null : { from: zoom.startValue, to: zoom.endValue };
    const { zoom: before } = this.#settings;
    if (before?.from === next?.from && before?.to === next?.to) return;
    this.#settings.zoom = next;
    window.clearTimeout(this.#later);
    // All charts follow, when the hand rests.
    this.#later = window.setTimeout(() => {
      this.#settings.changed();
    }, 120);
  }
  #later = 0;

  /** Curves that were switched off in the legend: they stay so when there are new points. */
  #switchedOff(): Readonly<Record<string, boolean>> {
    const [legend] = (this.#chart?.getOption() as { legend?: { selected?: Readonly<Record<string, boolean>> }[] } | undefined)?.legend ?? [];
    return legend?.selected ?? {};
  }

  #option(): Parameters<EChartsType['setOption']>[0] {
    const { theme, axis, smoothing, zoom } = this.#settings;
    const { several, marked, small = false } = this.#parts;
    const paint = colours[theme];
    const shown = this.#visible();
    // Where nothing is above 0 there is nothing that a logarithmic axis could show.
    const isLog = this.#scaleNow === 'log' && shown.some(({ series }) => series.values.some((value) => value !== null && value > 0));
    let hidden = 0;
    const lines: object[] = [];
    const notFinite: Point[] = [];
    shown.forEach((each, i) => {
      const xs = positions(each.series, each.run, axis);
      const colour = colourOf(theme, several ? runIndex(this.#parts.shown, each) : i);
      const isDashed = each.series.of === 'validation';
      const fits = (value: number | null): number | null => {
        if (value === null || !isLog || value > 0) return value;
        hidden += 1;
        return null;
      };
      const raw = each.series.values;
      const main = smoothing > 0 ? smoothed(raw, smoothing) : raw;
      const points = (values: readonly (number | null)[], count: boolean): Point[] => values.map((value, at) => [xs[at] ?? 0, count ? fits(value) : value !== null && (!isLog || value > 0) ? value : null]);
      const common = { type: 'line', showSymbol: raw.length < 40, symbolSize: 4, connectNulls: false, emphasis: { disabled: true }, sampling: undefined };
      if (smoothing > 0) lines.push({ ...common, name: `${nameOf(each, several)} (as measured)`, data: points(raw, false), lineStyle: { color: colour, width: 1, opacity: 0.25 }, itemStyle: { color: colour, opacity: 0.25 }, silent: true, tooltip: { show: false } });
      lines.push({ ...common, name: nameOf(each, several), data: points(main, true), lineStyle: { color: colour, width: raw.length > 200 ? 1.4 : 2, type: isDashed ? 'dashed' : 'solid', opacity: several && each.series.name.includes('(batch)') ? 0.45 : 1 }, itemStyle: { color: colour } });
      raw.forEach((value, at) => {
        if (value === null) notFinite.push([xs[at] ?? 0, null]);
      });
    });
    const [firstRun] = shown;
    const place = (step: number): number => (firstRun === undefined ? step : axis === 'step' ? step : (positions({ ...firstRun.series, steps: [step], times: [timeAt(firstRun, step)] }, firstRun.run, axis)[0] ?? step));
    const marks = [
      ...notFinite.slice(0, 60).map(([x]) => ({ xAxis: x, lineStyle: { color: paint.bad, type: 'solid', width: 1, opacity: 0.7 }, label: { show: false } })),
      ...(several ? [] : (firstRun?.run.resumes ?? []).map(({ step }) => ({ xAxis: place(step), lineStyle: { color: paint.muted, type: 'dotted' }, label: { formatter: 'resumed', color: paint.muted, fontSize: 10 } }))),
      ...(marked !== null && marked !== undefined && marked.from === marked.to ? [{ xAxis: place(marked.from), lineStyle: { color: paint.bad, type: 'solid', width: 1.5 }, label: { show: false } }] : []),
    ];
    const [first] = lines as { markLine?: object; markArea?: object }[];
    if (first !== undefined) {
      first.markLine = { silent: true, symbol: 'none', animation: false, data: marks };
      if (marked !== null && marked !== undefined && marked.to > marked.from) first.markArea = { silent: true, itemStyle: { color: paint.mark }, data: [[{ xAxis: place(marked.from) }, { xAxis: place(marked.to) }]] };
    }
    const gone = shown.reduce((sum, { series }) => sum + series.notFinite.count, 0);
    const kept = shown.filter(({ series }) => series.points > series.steps.length).length;
    this.#notes.textContent = [
      gone > 0 ? `${counted(gone, 'point')} not finite (red lines).` : '',
      hidden > 0 ? `${counted(hidden, 'point')} not above 0, which a logarithmic axis cannot show.` : '',
      kept > 0 && !small ? 'Of each stretch the first, lowest, highest and last point is drawn.' : '',
    ].filter((note) => note !== '').join(' ');
    const hasLegend = shown.length > 1;
    const text = { color: paint.muted, fontSize: 11 };
    return {
      animation: false,
      textStyle: { color: paint.text, fontFamily: font },
      grid: { left: 8, right: 18, top: hasLegend ? 34 : 12, bottom: small ? 6 : 34, containLabel: true },
      legend: { selected: this.#switchedOff(), show: hasLegend, type: 'scroll', top: 0, left: 0, right: 0, itemWidth: 18, textStyle: { color: paint.text, fontSize: 11, width: 260, overflow: 'truncate' }, pageTextStyle: { color: paint.text }, pageIconColor: paint.text, pageIconInactiveColor: paint.line, data: shown.map((each) => nameOf(each, several)) },
      tooltip: {
        trigger: 'axis',
        confine: true,
        backgroundColor: paint.ground,
        borderColor: paint.line,
        textStyle: { color: paint.text, fontSize: 12 },
        // As elements and not as HTML: names come from the log.
        formatter: (items: readonly { readonly seriesName: string; readonly color: string; readonly value: Point }[]) => tooltip(items, axisNames[axis], axis === 'time'),
      },
      xAxis: { type: 'value', min: 'dataMin', max: 'dataMax', axisLabel: { ...text, hideOverlap: true, formatter: (value: number) => (axis === 'time' ? duration(value) : digits(value)) }, axisLine: { lineStyle: { color: paint.line } }, splitLine: { show: false } },
      yAxis: { type: isLog ? 'log' : 'value', scale: true, axisLabel: { ...text, hideOverlap: true, formatter: (value: number) => digits(value) }, splitLine: { lineStyle: { color: paint.line, opacity: 0.6 } }, splitNumber: small ? 3 : 5 },
      dataZoom: [
        { type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true, filterMode: 'none', ...(zoom === null ? { start: 0, end: 100 } : { startValue: zoom.from, endValue: zoom.to }) },
        ...(small ? [] : [{ type: 'slider', height: 14, bottom: 4, brushSelect: false, showDetail: false, showDataShadow: false, borderColor: paint.line, fillerColor: paint.selected, handleSize: '120%', filterMode: 'none', ...(zoom === null ? { start: 0, end: 100 } : { startValue: zoom.from, endValue: zoom.to }) }]),
      ],
      series: lines,
      color: [...paint.series],
    };
  }

  /** Moves a cursor over the points of the first curve, and says what all have there. */
  #key(event: KeyboardEvent): void {
    const [first] = this.#visible();
    if (first === undefined) return;
    const { length } = first.series.steps;
    const stride = event.shiftKey ? Math.max(1, Math.floor(length / 20)) : 1;
    const moves: Readonly<Record<string, number>> = { ArrowRight: this.#cursor + stride, ArrowLeft: this.#cursor - stride, Home: 0, End: length - 1 };
    const to = moves[event.key];
    if (to === undefined) {
      if (event.key === 'Escape') this.#chart?.dispatchAction({ type: 'hideTip' });
      return;
    }
    event.preventDefault();
    this.#cursor = Math.min(length - 1, Math.max(0, to));
    const step = first.series.steps[this.#cursor] ?? 0;
    const said = this.#visible().slice(0, legendRows).flatMap((each) => {
      const at = each.series.steps.findLastIndex((other) => other <= step);
      return at < 0 ? [] : [`${nameOf(each, this.#parts.several)} ${each.series.values[at] === null ? 'not finite' : digits(each.series.values[at])}`];
    });
    this.#said.textContent = `Step ${String(step)}: ${said.join(', ')}`;
    this.show();
    this.#chart?.dispatchAction({ type: 'showTip', seriesIndex: this.#settings.smoothing > 0 ? 1 : 0, dataIndex: this.#cursor });
  }
}

/** A logarithmic axis goes by powers of ten: what stays within one of them is a flat line on it. */
function spansDecades(shown: readonly Shown[]): boolean {
  const lowest = Math.min(...shown.map(({ series }) => series.lowest?.value ?? Infinity));
  const highest = Math.max(...shown.map(({ series }) => series.highest?.value ?? -Infinity));
  return lowest <= 0 || highest / lowest >= 10;
}

/** Changes with what is shown: series grow at their ends. */
const signatureOf = ({ shown }: PlotParts): string => shown.map(({ run, series }) => `${run.key} ${series.id} ${String(series.points)} ${String(series.last?.step)} ${String(run.epochEnds.length)} ${String(run.resumes.length)}`).join('|');

const runIndex = (all: readonly Shown[], { run }: Shown): number => [...new Set(all.map((each) => each.run.key))].indexOf(run.key);

function timeAt({ series, run }: Shown, step: number): number {
  const at = series.steps.findIndex((other) => other >= step);
  return at < 0 ? (run.ended - run.started) / 1000 : (series.times[at] ?? 0);
}

/** Lines of a tooltip: more hide the chart. */
const mostTold = 14;

function tooltip(items: readonly { readonly seriesName: string; readonly color: string; readonly value: Point }[], axisName: string, isTime: boolean): HTMLElement {
  const told = items.filter(({ value }) => value[1] !== null);
  const [first] = items;
  return h(
    'div',
    { class: 'tip' },
    h('strong', {}, isTime ? duration(first?.value[0] ?? 0) : `${axisName} ${digits(first?.value[0] ?? null)}`),
    ...told.slice(0, mostTold).map(({ seriesName, color, value }) => {
      const dot = h('span', { class: 'dot' });
      dot.style.background = color;
      return h('div', {}, dot, ` ${seriesName} `, h('b', {}, digits(value[1])));
    }),
    told.length > mostTold ? h('div', {}, `and ${String(told.length - mostTold)} more`) : null,
  );
}

const sight = new WeakMap<Element, (isInSight: boolean) => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) sight.get(target)?.(isIntersecting);
  },
  { rootMargin: '300px' },
);

/** Tells when the element comes near what is in sight, and when it leaves. */
export function watchSight(element: Element, tell: (isInSight: boolean) => void): void {
  sight.set(element, tell);
  observer.observe(element);
}

/**
 * Draws when it is seen: a page of a hundred charts opens as fast as one of three, and a live page draws what is looked at
 * alone.
 */
export class WhenSeen {
  #isInSight = false;
  #isStale = true;
  readonly #draw: () => boolean;

  /** @param draw Gives false when the element has no room, as in a part that is folded. */
  constructor(element: Element, draw: () => boolean) {
    this.#draw = draw;
    watchSight(element, (isInSight) => {
      this.#isInSight = isInSight;
      if (isInSight && this.#isStale) this.now();
    });
  }

  /** There is something new to draw. */
  later(): void {
    this.#isStale = true;
    if (this.#isInSight) this.now();
  }

  /** Draws, seen or not: for the printer. */
  now(): void {
    this.#isStale = !this.#draw();
  }
}
