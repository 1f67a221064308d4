import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Row } from './rows.js';

/** Okabe and Ito's colours (2008), which most eyes tell apart. */
const [ours, others] = ['#0072b2', '#d55e00'];

/** Each way of training beside the bare loop, model by model, with its interval: as SVG. */
export async function plotRatios(rows: readonly Row[]): Promise<string> {
  const values = rows.map(({ model, backend, name, toBare }) => ({ place: `${model}, ${backend}`, name, ratio: toBare.median, low: toBare.low, high: toBare.high, whose: name.startsWith('trainscope') ? 'trainscope' : 'others' }));
  const spec: TopLevelSpec = {
    background: '#ffffff',
    padding: 14,
    title: { text: 'Time of a step divided by that of a bare loop: median and 95 % interval (further left is faster)', anchor: 'start', fontSize: 14, offset: 18 },
    data: { values },
    facet: { field: 'place', type: 'nominal', title: null, sort: [...new Set(values.map(({ place }) => place))], header: { labelFontSize: 12, labelFontWeight: 'bold' } },
    columns: 2,
    resolve: { axis: { x: 'independent' } },
    spec: {
      width: 280,
      height: 170,
      layer: [
        { data: { values: [{ at: 1 }] }, mark: { type: 'rule', strokeDash: [4, 4], color: '#6e7781' }, encoding: { x: { field: 'at', type: 'quantitative' } } },
        { mark: { type: 'rule', strokeWidth: 2 }, encoding: { x: { field: 'low', type: 'quantitative', title: 'times the bare loop' }, x2: { field: 'high' }, y: { field: 'name', type: 'nominal', title: null, sort: null }, color: { field: 'whose', type: 'nominal', title: null, scale: { domain: ['trainscope', 'others'], range: [ours, others] } } } },
        { mark: { type: 'point', filled: true, size: 60 }, encoding: { x: { field: 'ratio', type: 'quantitative', scale: { zero: false } }, y: { field: 'name', type: 'nominal', sort: null, axis: { labelLimit: 260 } }, color: { field: 'whose', type: 'nominal' } } },
      ],
    },
    config: { view: { stroke: '#d0d7de' }, axis: { gridColor: '#e6e9ed', labelLimit: 240 }, axisY: { domain: false, ticks: false }, legend: { orient: 'top', direction: 'horizontal' } },
  };
  return new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
