import type { HeatMap, RunModel } from '../model.js';
import { h, table } from './dom.js';
import { chartIn, type EChartsType } from './echarts.js';
import { counted, digits } from './numbers.js';
import { colours, font } from './palette.js';
import { WhenSeen } from './plot.js';
import type { Settings } from './settings.js';

const rowHeight = 18;
const mostHeight = 640;

/** Values by row and time as colours, with a table of their ranges. */
export class HeatView {
  readonly element: HTMLElement;
  readonly #canvas: HTMLElement;
  readonly #values: HTMLElement;
  readonly #settings: Settings;
  #heat: HeatMap;
  #chart: EChartsType | undefined;
  readonly #seen: WhenSeen;

  constructor(heat: HeatMap, run: RunModel, several: boolean, settings: Settings) {
    this.#heat = heat;
    this.#settings = settings;
    this.#values = h('div', { class: 'values' });
    this.#canvas = h('div', { class: 'canvas heat', role: 'img', 'aria-label': `Heat map: ${heat.title}. Its ranges stand in the table below.` });
    this.element = h(
      'figure',
      { class: 'plot wide', 'data-chart': heat.id },
      h('figcaption', {}, h('h3', { class: 'name' }, several ? `${heat.title} (${run.name})` : heat.title)),
      h('p', { class: 'about' }, heat.about),
      this.#canvas,
      h('details', { 'data-key': `heat-${heat.id}-${run.key}` }, h('summary', {}, 'Ranges as a table'), this.#values),
    );
    this.#seen = new WhenSeen(this.element, () => this.#draw());
    settings.onChange(() => {
      this.#seen.later();
    });
  }

  update(heat: HeatMap): void {
    this.#heat = heat;
    this.#seen.later();
  }

  show(): void {
    this.#seen.now();
  }

  resize(): void {
    this.#chart?.resize();
  }

  #draw(): boolean {
    if (this.#canvas.clientWidth === 0) return false;
    const { rows, steps, cells, scale } = this.#heat;
    this.#canvas.style.height = `${String(Math.min(mostHeight, 96 + rowHeight * rows.length))}px`;
    this.#chart ??= chartIn(this.#canvas);
    this.#chart.resize();
    const paint = colours[this.#settings.theme];
    const isLog = scale === 'log';
    const data: { value: [number, number, number]; itemStyle?: object }[] = [];
    let [low, high] = [Infinity, -Infinity];
    let odd = 0;
    cells.forEach((row, y) => {
      row.forEach((cell, x) => {
        if (cell === null) return;
        if (typeof cell === 'string' || !Number.isFinite(cell)) {
          odd += 1;
          data.push({ value: [x, y, NaN], itemStyle: { color: paint.bad } });
          return;
        }
        // What is 0 has no logarithm: it is drawn as the lowest.
        if (isLog && cell <= 0) return;
        const value = isLog ? Math.log10(cell) : cell;
        low = Math.min(low, value);
        high = Math.max(high, value);
        data.push({ value: [x, y, value] });
      });
    });
    if (!(high > low)) [low, high] = Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1];
    const shown = (value: number): string => digits(isLog ? 10 ** value : value);
    this.#chart.setOption(
      {
        animation: false,
        textStyle: { color: paint.text, fontFamily: font },
        grid: { left: 8, right: 18, top: 8, bottom: 64, containLabel: true },
        xAxis: { type: 'category', data: steps.map(String), axisLabel: { color: paint.muted, fontSize: 11, hideOverlap: true }, axisLine: { lineStyle: { color: paint.line } }, name: 'step', nameLocation: 'middle', nameGap: 24, nameTextStyle: { color: paint.muted } },
        yAxis: { type: 'category', data: [...rows], inverse: true, axisLabel: { color: paint.text, fontSize: 11, width: 190, overflow: 'truncate' }, axisLine: { lineStyle: { color: paint.line } } },
        visualMap: { min: low, max: high, calculable: false, orient: 'horizontal', left: 'center', bottom: 0, itemHeight: 160, itemWidth: 10, text: [shown(high), shown(low)], formatter: (value: number) => shown(value), textStyle: { color: paint.muted, fontSize: 11 }, inRange: { color: paint.heat }, outOfRange: { color: paint.bad } },
        tooltip: {
          confine: true,
          backgroundColor: paint.ground,
          borderColor: paint.line,
          textStyle: { color: paint.text, fontSize: 12 },
          formatter: ({ value: [x, y] }: { value: [number, number, number] }) => h('div', { class: 'tip' }, h('strong', {}, `from step ${String(steps[x])}`), h('div', {}, `${rows[y] ?? ''} `, h('b', {}, digits(cells[y]?.[x] ?? null)))),
        },
        series: [{ type: 'heatmap', data, progressive: 4000, emphasis: { disabled: true } }],
      },
      { notMerge: true },
    );
    this.#values.replaceChildren(
      table(
        `${this.#heat.title}${odd > 0 ? `; ${counted(odd, 'cell')} not finite, in red` : ''}`,
        ['', 'first', 'lowest', 'highest', 'last', 'not finite'],
        rows.map((row, y) => {
          const all = (cells[y] ?? []).filter((cell) => cell !== null);
          const finite = all.filter((cell) => typeof cell === 'number');
          return [row, digits(all[0] ?? null), digits(finite.length === 0 ? null : Math.min(...finite)), digits(finite.length === 0 ? null : Math.max(...finite)), digits(all.at(-1) ?? null), String(all.length - finite.length)];
        }),
      ),
    );
    return true;
  }
}
