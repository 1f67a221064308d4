/** Text as a picture of a terminal: an SVG that brings its own dark background, and so reads on any page. */

export interface TerminalText {
  /** What stands above the picture for those who do not see it. */
  readonly title: string;
  readonly lines: readonly TerminalLine[];
  readonly columns: number;
}

export interface TerminalLine {
  readonly kind: 'command' | 'output';
  readonly text: string;
}

/** px. A monospaced letter is some 0.6 of its size wide; each run of text is stretched to its columns, whatever the font. */
const size = 14;
const advance = 8.4;
const lineHeight = 18;
const margin = 20;

/** GitHub's dark palette: light grey on near-black has a contrast of 14 to 1. */
const colours = { background: '#0d1117', border: '#3d444d', output: '#d1d7e0', command: '#ffffff', prompt: '#57ab5a' } as const;

/** Which ways a box-drawing character goes from the middle of its cell: left, right, up, down. */
const ways: Readonly<Record<string, string>> = { '─': 'lr', '│': 'ud', '┌': 'rd', '┐': 'ld', '└': 'ru', '┘': 'lu', '├': 'rud', '┤': 'lud', '┬': 'lrd', '┴': 'lru', '┼': 'lrud' };

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const px = (value: number): string => String(Math.round(value * 100) / 100);

/** Lines broken between words, a broken line's rest as far in as its beginning. */
export function wrapped({ kind, text }: TerminalLine, columns: number): readonly TerminalLine[] {
  if (text.length <= columns) return [{ kind, text }];
  const indent = /^ */.exec(text)?.[0] ?? '';
  const at = text.lastIndexOf(' ', columns);
  const cut = at > indent.length ? at : columns;
  return [{ kind, text: text.slice(0, cut) }, ...wrapped({ kind, text: `${indent}${text.slice(cut).trimStart()}` }, columns)];
}

/** Borders drawn as lines: those of fonts leave gaps between rows. */
function borders(text: string, row: number): string {
  const y = margin + (row + 0.5) * lineHeight;
  return Array.from(text)
    .flatMap((character, column) => {
      const x = margin + (column + 0.5) * advance;
      const ends = { l: `${px(x - advance / 2)} ${px(y)}`, r: `${px(x + advance / 2)} ${px(y)}`, u: `${px(x)} ${px(y - lineHeight / 2)}`, d: `${px(x)} ${px(y + lineHeight / 2)}` };
      return Array.from(ways[character] ?? '').map((way) => `M${px(x)} ${px(y)}L${ends[way as keyof typeof ends]}`);
    })
    .join('');
}

/** The words of a line, each run at its column. */
function words(text: string, row: number, fill: string): string {
  const plain = Array.from(text, (character) => (character in ways ? ' ' : character)).join('');
  return [...plain.matchAll(/\S+(?: \S+)*/g)]
    .map(
      ({ 0: run, index }) =>
        `<text x="${px(margin + index * advance)}" y="${px(margin + (row + 0.75) * lineHeight)}" textLength="${px(run.length * advance)}" lengthAdjust="spacingAndGlyphs" fill="${fill}">${escaped(run)}</text>`,
    )
    .join('\n');
}

export function terminalSvg({ title, lines, columns }: TerminalText): string {
  const rows = lines.flatMap((line) => wrapped(line, line.kind === 'command' ? columns - 2 : columns));
  const width = px(2 * margin + columns * advance);
  const height = px(2 * margin + rows.length * lineHeight);
  const drawn = rows.map(({ kind, text }, row) => {
    if (kind === 'output') return words(text, row, colours.output);
    return `${words('$', row, colours.prompt)}\n${words(`  ${text}`, row, colours.command)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title" font-family="ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="${String(size)}">
<title id="title">${escaped(title)}</title>
<rect x="0.5" y="0.5" width="${px(Number(width) - 1)}" height="${px(Number(height) - 1)}" rx="8" fill="${colours.background}" stroke="${colours.border}"/>
<path d="${rows.map(({ text }, row) => borders(text, row)).join('')}" stroke="${colours.border}" fill="none"/>
${drawn.filter((each) => each !== '').join('\n')}
</svg>
`;
}
