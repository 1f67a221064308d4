import { disposeBatch } from '../../../data/index.js';
import { digits } from '../../finding.js';
import { readOnce, type Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { featureName, featuresOf, rangeOf } from './features.js';
import { encodePng } from '../../../png.js';
import { goesIntoEmbedding } from './first-kernel.js';
import { targetOf } from './targets.js';

export interface ContactSheetOptions {
  /** Samples shown, at most. */
  readonly rows?: number;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

const style = `
:root { color-scheme: light dark; --line: light-dark(#d5d9de, #3a4048); --dim: light-dark(#5b6470, #9aa4b0); --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1a6b3a, #7fd8a0); }
body { font: 14px/1.45 system-ui, sans-serif; margin: 24px; max-width: 1200px; color: light-dark(#1c2024, #e6e9ec); background: light-dark(#fff, #16191d); }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 24px 0 8px; } p, .dim { color: var(--dim); margin: 0 0 8px; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: 8px; overflow: hidden; }
figcaption { margin-top: 6px; font-size: 12px; overflow-wrap: anywhere; } img { width: 100%; height: auto; image-rendering: pixelated; background: repeating-conic-gradient(#8884 0 25%, transparent 0 50%) 0 / 12px 12px; }
svg { width: 100%; height: 60px; display: block; } polyline { fill: none; stroke: currentColor; stroke-width: 1.2; vector-effect: non-scaling-stroke; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { border-bottom: 1px solid var(--line); padding: 3px 8px; text-align: right; white-space: nowrap; }
th { font-weight: 600; } .tokens { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; } .bad { color: var(--bad); } .good { color: var(--good); }`;

/** Rows of numbers whose count is a square from 8 x 8 on are images laid out flat, more often than not: 64, 784, 1024. */
const leastSide = 8;

/** An image [samples, height, width, channels] that a flat input may be; the column itself else. */
function unfolded(column: Column): Column {
  const side = Math.sqrt(column.width);
  const isFlat = column.shape.length === 2 && column.dtype !== 'int32' && Number.isInteger(side) && side >= leastSide;
  return isFlat ? { ...column, shape: [column.shape[0] ?? 0, side, side, 1] } : column;
}

type Kind = 'image' | 'tokens' | 'sequence' | 'table';

function kindOf(lab: Lab, column: Column, index: number): Kind {
  const shape = column.shape.slice(1);
  if (shape.length === 3 && [1, 3, 4].includes(shape[2] ?? 0)) return 'image';
  if (goesIntoEmbedding(lab, index) || (column.dtype === 'int32' && column.width > 1)) return 'tokens';
  return shape.length >= 2 || column.width > 64 ? 'sequence' : 'table';
}

/** One range for all images of the column, so that one that is too dark is seen to be. */
function image(column: Column, sample: number, low: number, high: number): string {
  const [, height = 1, width = 1, channels = 1] = column.shape;
  const span = high > low ? high - low : 1;
  const pixels = Uint8Array.from(column.values.subarray(sample * column.width, (sample + 1) * column.width), (value) => Math.max(0, Math.min(255, Math.round((255 * (value - low)) / span))));
  const png = encodePng(pixels, width, height, channels as 1 | 3 | 4);
  return `<img alt="sample ${String(sample)}" width="${String(width)}" height="${String(height)}" src="data:image/png;base64,${png.toString('base64')}">`;
}

/** Channels over time, each a line: of wide ones the first eight. */
function sparkline(column: Column, sample: number, low: number, high: number): string {
  const channels = column.shape.length > 2 ? (column.shape.at(-1) ?? 1) : 1;
  const steps = column.width / Math.max(1, channels);
  const span = high > low ? high - low : 1;
  const lines = Array.from({ length: Math.min(8, channels) }, (_, c) => {
    const points = Array.from({ length: steps }, (__, t) => {
      const value = column.values[sample * column.width + t * channels + c] ?? 0;
      return `${digits((100 * t) / Math.max(1, steps - 1))},${digits(38 - (36 * (value - low)) / span)}`;
    });
    return `<polyline opacity="${digits(1 - c / 10)}" points="${points.join(' ')}"/>`;
  });
  return `<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="sample ${String(sample)}">${lines.join('')}</svg>`;
}

function tokens(column: Column, sample: number): string {
  const most = 64;
  const row = [...column.values.subarray(sample * column.width, (sample + 1) * column.width)];
  return `<div class="tokens">${row.slice(0, most).join(' ')}${row.length > most ? ` … ${String(row.length - most)} more` : ''}</div>`;
}

function table(lab: Lab, column: Column, samples: readonly number[], captions: readonly string[]): string {
  const most = 20;
  const shown = Math.min(most, column.width);
  const heads = Array.from({ length: shown }, (_, j) => `<th>${escaped(featureName(lab, column, j))}</th>`).join('');
  const rows = samples.map((sample, i) => {
    const cells = Array.from({ length: shown }, (_, j) => `<td>${digits(column.values[sample * column.width + j] ?? NaN)}</td>`).join('');
    return `<tr><th>${String(sample)}</th>${cells}<td>${captions[i] ?? ''}</td></tr>`;
  });
  const more = column.width > most ? `<p>${String(column.width - most)} more features are not shown.</p>` : '';
  return `<div class="scroll"><table><tr><th>sample</th>${heads}<th>label and prediction</th></tr>${rows.join('')}</table></div>${more}`;
}

const listed = (values: readonly number[], most = 6): string => `${values.slice(0, most).map(digits).join(', ')}${values.length > most ? ', …' : ''}`;

function best(values: readonly number[]): number {
  let at = 0;
  values.forEach((value, i) => {
    if (value > (values[at] ?? -Infinity)) at = i;
  });
  return at;
}

/** What is asked for and what the model says, for one sample and output: HTML. */
function caption(lab: Lab, output: number, sample: number, predicted: readonly number[]): string {
  const { name } = lab.loss.outputs[output]?.output ?? { name: '' };
  const head = lab.loss.outputs.length > 1 ? `${escaped(name)}: ` : '';
  const target = targetOf(lab, output);
  const column = lab.training.labels[output];
  const raw = column === undefined ? [] : [...column.values.subarray(sample * column.width, (sample + 1) * column.width)];
  if (target?.kind === 'classes' && target.width === 1 && predicted.length === target.classes && predicted.length > 1) {
    const label = target.values[sample] ?? -1;
    const said = best(predicted);
    return `${head}label ${String(label)}, <span class="${said === label ? 'good' : 'bad'}">predicted ${String(said)} (${digits(predicted[said] ?? NaN)})</span>`;
  }
  return `${head}label ${listed(raw)}, predicted ${listed(predicted)}`;
}

async function predictions(lab: Lab, samples: readonly number[]): Promise<readonly (readonly (readonly number[])[])[]> {
  const batch = lab.batch(samples);
  try {
    const { outputs } = lab.forward(batch.inputs);
    const values: number[][][] = [];
    for (const output of outputs) {
      const width = output.size / samples.length;
      const flat = await readOnce(output);
      values.push(samples.map((_, i) => [...flat.subarray(i * width, (i + 1) * width)]));
    }
    return values;
  } finally {
    disposeBatch(batch);
  }
}

function drawn(lab: Lab, given: Column, index: number, samples: readonly number[], captions: readonly string[]): string {
  const column = goesIntoEmbedding(lab, index) ? given : unfolded(given);
  const kind = kindOf(lab, column, index);
  const { min, max } = rangeOf(featuresOf(column));
  const about = `shape [${given.shape.slice(1).join(', ')}], ${given.dtype}, from ${digits(min)} to ${digits(max)}${column === given ? '' : `, drawn as ${String(column.shape[1])} x ${String(column.shape[2])}`}${kind === 'image' ? `, drawn with ${digits(min)} as black and ${digits(max)} as white` : ''}`;
  const body =
    kind === 'table'
      ? table(lab, column, samples, captions)
      : `<div class="grid">${samples
          .map((sample, i) => {
            const picture = kind === 'image' ? image(column, sample, min, max) : kind === 'tokens' ? tokens(column, sample) : sparkline(column, sample, min, max);
            return `<figure>${picture}<figcaption><span class="dim">${String(sample)}</span> ${captions[i] ?? ''}</figcaption></figure>`;
          })
          .join('')}</div>`;
  return `<h2>${escaped(column.name)}</h2><p>${escaped(about)}</p>${body}`;
}

/**
 * A page of training samples as the model gets them, with their labels and what the model says before training: images,
 * tables, lines over time or token numbers. One file of HTML that loads nothing.
 */
export async function contactSheet(lab: Lab, { rows = 32 }: ContactSheetOptions = {}): Promise<string> {
  const samples = [...lab.choose(Math.min(rows, lab.training.count), 'data/contact-sheet')].toSorted((a, b) => a - b);
  const said = samples.length === 0 ? [] : await predictions(lab, samples);
  const captions = samples.map((sample, i) => said.map((output, o) => caption(lab, o, sample, output[i] ?? [])).join('<br>'));
  const parts = lab.training.inputs.map((column, index) => drawn(lab, column, index, samples, captions));
  const title = `${String(samples.length)} training samples as the model sees them`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1><p>Numbers are places among the ${String(lab.training.count)} samples looked at${lab.training.total === undefined ? '' : ` of ${String(lab.training.total)}`}. Predictions are those of the model before training.</p>
${parts.join('\n')}
</body></html>
`;
}
