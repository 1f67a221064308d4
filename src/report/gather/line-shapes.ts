import { decimalAt, readEnd } from './decimal.js';

/**
 * Lines of one kind of event differ in their numbers alone: the text between them is the same. A shape is that text, and
 * reading a line by its shape is reading its numbers: several times as fast as JSON.parse, which makes an object of each.
 */
export interface LineShape {
  /** The text before each number, and after the last. */
  readonly texts: readonly Uint8Array[];
  /** Which of the numbers are wanted; the others are passed over. */
  readonly wanted: Uint8Array;
}

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** A byte that can stand in a number, after its first. */
const inNumber = new Uint8Array(256);
for (const character of '0123456789+-.eE') inNumber[character.charCodeAt(0)] = 1;

/** Numbers that stand for those of a line while it is found out where each goes: whole, and none like another. */
const placeholder = (slot: number): number => 7_000_000_001 + slot;
export const slotOf = (value: number, slots: number): number | undefined => (value > 7_000_000_000 && value <= 7_000_000_000 + slots ? value - 7_000_000_001 : undefined);

/**
 * The texts between the numbers of a line of JSON. The version of the format is no number to be read: it stays text.
 * @returns undefined for a line without numbers, and for one of more than 4096
 */
export function textsOf(line: Uint8Array): readonly Uint8Array[] | undefined {
  const texts: Uint8Array[] = [];
  let begin = 0;
  let inText = false;
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at] ?? 0;
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === minus || (byte >= zero && byte <= nine)) {
      let end = at + 1;
      while (inNumber[line[end] ?? 0] === 1) end += 1;
      const isVersion = end === at + 1 && Buffer.from(line.buffer, line.byteOffset + Math.max(0, at - 4), Math.min(4, at)).toString('latin1') === '"v":';
      if (!isVersion) {
        texts.push(line.slice(begin, at));
        begin = end;
      }
      at = end - 1;
    }
  }
  if (texts.length === 0 || texts.length > 4096) return undefined;
  return [...texts, line.slice(begin)];
}

/** The line with a placeholder for each number. */
export const withPlaceholders = (texts: readonly Uint8Array[]): string => texts.map((text, i) => `${Buffer.from(text).toString('utf8')}${i === texts.length - 1 ? '' : String(placeholder(i))}`).join('');

/**
 * Reads the numbers of a line that has the shape.
 * @param into By number of the line; of those that are not wanted nothing is written
 * @returns false for a line of another shape; what stands in `into` means nothing then
 */
export function readByShape({ texts, wanted }: LineShape, bytes: Uint8Array, from: number, to: number, into: Float64Array): boolean {
  let at = from;
  const last = texts.length - 1;
  for (let i = 0; i <= last; i += 1) {
    const text = texts[i];
    if (text === undefined) return false;
    const { length } = text;
    if (at + length > to) return false;
    for (let j = 0; j < length; j += 1) if (bytes[at + j] !== text[j]) return false;
    at += length;
    if (i === last) break;
    if (wanted[i] === 1) {
      const value = decimalAt(bytes, at);
      // null, true, a name such as "NaN": another shape.
      if (Number.isNaN(value)) return false;
      into[i] = value;
      at = readEnd.at;
    } else {
      const begin = at;
      while (inNumber[bytes[at] ?? 0] === 1) at += 1;
      if (at === begin) return false;
    }
  }
  return at === to;
}
