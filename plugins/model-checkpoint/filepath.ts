import type { Metrics } from 'trainscope/plugin';

/** A part of a path: text as it is, or a number by its name. */
type Part = string | { readonly name: string; readonly format: (value: number) => string };

/** A path with places for numbers, as Keras' `filepath`. */
export interface Filepath {
  /** Names of the metrics in it. */
  readonly metrics: readonly string[];
  /** @param values By name; one that is not known is written as `none`. */
  fill(values: Metrics): string;
}

/** Beside metrics. Keras says batch where trainscope says step. */
const counters: ReadonlySet<string> = new Set(['epoch', 'step']);

/** Python's format specifications, as far as numbers in a file name need them: width with or without zeros, digits, and d, f, e, g or %. */
const formatPattern = /^(0?)(\d{0,2})(?:\.(\d{1,2}))?([dfeg%]?)$/;

/** @returns the path, or what is wrong with it */
export function parseFilepath(text: string): Filepath | { readonly problem: string } {
  const parts: Part[] = [];
  const pattern = /\{([^{}]*)\}/g;
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    parts.push(text.slice(at, found.index));
    at = found.index + found[0].length;
    const [name = '', ...rest] = (found[1] ?? '').split(':');
    const spec = rest.join(':');
    const format = formatPattern.exec(spec);
    if (!/^[A-Za-z_]\w*$/.test(name)) return { problem: `"${found[0]}" names no metric: expected {epoch}, {step} or a metric as {val_loss:.4f}` };
    if (format === null) return { problem: `"${found[0]}" has the format "${spec}": expected one as in Python, such as :03d, :.4f or :.2e` };
    const [, zeros = '', width = '', digits, kind = ''] = format;
    if (kind === 'd' && digits !== undefined) return { problem: `"${found[0]}" asks for digits of a whole number: leave .${digits} out` };
    if (kind === 'd' && !counters.has(name)) return { problem: `"${found[0]}" writes a metric as a whole number: take :.4f` };
    parts.push({ name, format: (value) => padded(written(value, kind, digits), Number(width), zeros === '0') });
  }
  parts.push(text.slice(at));
  if (parts.some((part) => typeof part === 'string' && /[{}]/.test(part))) return { problem: 'a brace is not closed, or not opened: numbers stand in the path as {epoch} or {val_loss:.4f}' };
  return {
    metrics: [...new Set(parts.flatMap((part) => (typeof part === 'string' || counters.has(part.name) ? [] : [part.name])))],
    fill: (values) =>
      parts
        .map((part) => {
          if (typeof part === 'string') return part;
          const value = values[part.name];
          return value === undefined ? 'none' : part.format(value);
        })
        .join(''),
  };
}

function written(value: number, kind: string, digits: string | undefined): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const places = digits === undefined ? undefined : Number(digits);
  switch (kind) {
    case 'd':
      return String(Math.trunc(value));
    case 'f':
      return value.toFixed(places ?? 6); // Python's default
    case 'e':
      return value.toExponential(places ?? 6).replace(/e([+-])(\d)$/, 'e$10$2'); // Python writes two digits of the exponent
    case '%':
      return `${(value * 100).toFixed(places ?? 6)}%`;
    default:
      return places === undefined ? String(value) : String(Number(value.toPrecision(Math.max(1, places))));
  }
}

function padded(text: string, width: number, zeros: boolean): string {
  const isNegative = text.startsWith('-');
  return zeros && isNegative ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, zeros ? '0' : ' ').replaceAll(' ', '_');
}
