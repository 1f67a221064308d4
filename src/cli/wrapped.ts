/** Words of a text in lines of the terminal's width, at most 100 and at least 40 columns. */
export function wrapped(text: string, first: string, rest = first): string {
  const width = Math.max(40, Math.min(100, process.stdout.isTTY ? process.stdout.columns : 100));
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/)) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join('\n');
}
