/** A line of a plot: points in the order in which they are joined. What is not finite is left out. */
export interface Curve {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface PlotAsk {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly Curve[];
  /** Powers of ten along x, as learning rates want. */
  readonly logX?: boolean;
  /** Where to draw an upright line, with its name. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

const width = 480;
const height = 280;
const margin = { left: 56, right: 12, top: 28, bottom: 40 };
/** Blue, orange, green and pink of Okabe & Ito (2008): told apart by most eyes. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'] as const;

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const short = (value: number): string => String(Number(value.toPrecision(3)));

function extent(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** A line plot as SVG that stands alone. */
export function linePlot({ title, xLabel, yLabel, curves, logX = false, marks = [] }: PlotAsk): string {
  const along = (x: number): number => (logX ? Math.log10(x) : x);
  const points = curves.map(({ x, y }) => x.flatMap((each, i) => { const at = [along(each), y[i] ?? NaN] as const; return at.every(Number.isFinite) ? [at] : []; }));
  const [x0, x1] = extent(points.flat().map(([x]) => x));
  const [y0, y1] = extent(points.flat().map(([, y]) => y));
  const px = (x: number): number => margin.left + ((x - x0) / (x1 - x0)) * (width - margin.left - margin.right);
  const py = (y: number): number => height - margin.bottom - ((y - y0) / (y1 - y0)) * (height - margin.top - margin.bottom);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const xTicks = ticks.map((part) => x0 + part * (x1 - x0)).map((x) => `<text x="${short(px(x))}" y="${String(height - margin.bottom + 14)}" text-anchor="middle">${short(logX ? 10 ** x : x)}</text>`);
  const yTicks = ticks.map((part) => y0 + part * (y1 - y0)).map((y) => `<text x="${String(margin.left - 6)}" y="${short(py(y) + 3)}" text-anchor="end">${short(y)}</text>`);
  const lines = points.map((each, i) => `<polyline fill="none" stroke="${colours[i % colours.length] ?? colours[0]}" stroke-width="1.5" points="${each.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ')}"/>`);
  const names = curves.length < 2 ? [] : curves.map(({ label }, i) => `<text x="${String(width - margin.right)}" y="${String(margin.top + 12 * (i + 1))}" text-anchor="end" fill="${colours[i % colours.length] ?? colours[0]}">${escape(label)}</text>`);
  const upright = marks.flatMap(({ x, label }) => {
    const at = px(along(x));
    if (!Number.isFinite(at) || at < margin.left || at > width - margin.right) return [];
    return [`<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${String(margin.top)}" y2="${String(height - margin.bottom)}" stroke="#888" stroke-dasharray="3 3"/><text x="${(at + 3).toFixed(1)}" y="${String(margin.top + 10)}" fill="#555">${escape(label)}</text>`];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="sans-serif" font-size="10" role="img" aria-label="${escape(title)}">`,
    `<text x="${String(width / 2)}" y="16" text-anchor="middle" font-size="12">${escape(title)}</text>`,
    `<path d="M${String(margin.left)} ${String(margin.top)}V${String(height - margin.bottom)}H${String(width - margin.right)}" fill="none" stroke="#444"/>`,
    ...xTicks,
    ...yTicks,
    `<text x="${String(width / 2)}" y="${String(height - 8)}" text-anchor="middle">${escape(xLabel)}</text>`,
    `<text x="12" y="${String(height / 2)}" text-anchor="middle" transform="rotate(-90 12 ${String(height / 2)})">${escape(yLabel)}</text>`,
    ...lines,
    ...upright,
    ...names,
    '</svg>',
  ].join('\n');
}
