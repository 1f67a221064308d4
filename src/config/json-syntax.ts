/**
 * Where a text stops being JSON. JSON.parse says that it does, and in most cases not where: V8 gives the position of
 * some errors and ten characters of the surroundings for others.
 */

export interface JsonSyntaxError {
  /** In UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly message: string;
}

type Expected = 'a value' | 'a value or ]' | 'a key in double quotes' | 'a key in double quotes or }' | 'a colon' | 'a comma or ]' | 'a comma or }' | 'the end of the file';

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** The first error of a text, or undefined when it is JSON (RFC 8259). */
export function findJsonError(text: string): JsonSyntaxError | undefined {
  const open: ('{' | '[')[] = [];
  let offset = 0;
  let expected: Expected = 'a value';

  const afterValue = (): Expected => (open.at(-1) === '{' ? 'a comma or }' : open.at(-1) === '[' ? 'a comma or ]' : 'the end of the file');
  const close = (): void => {
    open.pop();
    expected = afterValue();
  };

  for (;;) {
    while (' \t\n\r'.includes(text.charAt(offset)) && offset < text.length) offset += 1;
    const character = text.charAt(offset);
    const wantsValue: boolean = expected === 'a value' || expected === 'a value or ]';
    const wantsKey: boolean = expected === 'a key in double quotes' || expected === 'a key in double quotes or }';
    if (character === '') return expected === 'the end of the file' ? undefined : { offset, message: `the file ends, expected ${expected}` };
    if (character === '"' && (wantsValue || wantsKey)) {
      const end = endOfString(text, offset);
      if (typeof end !== 'number') return end;
      offset = end;
      expected = wantsKey ? 'a colon' : afterValue();
      continue;
    }
    if (wantsValue && (character === '{' || character === '[')) {
      open.push(character);
      expected = character === '{' ? 'a key in double quotes or }' : 'a value or ]';
    } else if ((character === '}' && expected.endsWith('}')) || (character === ']' && expected.endsWith(']'))) close();
    else if (character === ':' && expected === 'a colon') expected = 'a value';
    else if (character === ',' && expected.startsWith('a comma')) expected = open.at(-1) === '{' ? 'a key in double quotes' : 'a value';
    else {
      const length = wantsValue ? lengthAt(literal, text, offset) : 0;
      if (length === 0) return { offset, message: `found ${JSON.stringify(text.slice(offset, offset + 1))}${hint(text, offset)}, expected ${expected}` };
      offset += length - 1;
      expected = afterValue();
    }
    offset += 1;
  }
}

function lengthAt(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0].length ?? 0;
}

function endOfString(text: string, start: number): number | JsonSyntaxError {
  for (let offset = start + 1; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if (character === '"') return offset + 1;
    if (character < ' ') return { offset, message: 'a line end or control character in text, expected it written as \\n or \\u0000' };
    if (character !== '\\') continue;
    const length = lengthAt(escape, text, offset);
    if (length === 0) return { offset, message: `found ${JSON.stringify(text.slice(offset, offset + 2))}, expected one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000` };
    offset += length - 1;
  }
  return { offset: start, message: 'a text without its closing quote' };
}

/** The three habits of YAML and JavaScript that JSON does not share. */
function hint(text: string, offset: number): string {
  const character = text.charAt(offset);
  if (character === '#' || text.startsWith('//', offset) || text.startsWith('/*', offset)) return ' (JSON has no comments)';
  if (character === "'") return ' (JSON has double quotes only)';
  return (character === '}' || character === ']') && text.slice(0, offset).trimEnd().endsWith(',') ? ' after a comma' : '';
}
