import { thrownText } from '../thrown-text.js';
import { malformed, unsaveable } from './refusals.js';

/**
 * Levels of brackets in a file. Whoever walks over what was read does so by recursion, which a file of brackets alone
 * would bring to its end; a model within models within models is some 20 levels deep.
 */
const mostLevels = 500;

/** @throws CheckpointError CHECKPOINT_FORMAT for what JSON cannot hold: undefined, cycles, big integers */
export function encodeJson(checkpoint: string, file: string, value: unknown): Uint8Array<ArrayBuffer> {
  const expected = `${file} holds plain JSON of at most ${String(mostLevels)} levels`;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw unsaveable(checkpoint, thrownText(error), expected, error);
  }
  // JSON.stringify gives undefined for undefined and for functions, which its type does not say.
  if ((text as string | undefined) === undefined) throw unsaveable(checkpoint, `what ${file} is to hold is ${typeof value}`, expected);
  if (isTooDeep(text)) throw unsaveable(checkpoint, `what ${file} is to hold is too deep`, expected);
  return new TextEncoder().encode(text);
}

/** @throws CheckpointError CHECKPOINT_FORMAT */
export function decodeJson(checkpoint: string, file: string, bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!isTooDeep(text)) return JSON.parse(text);
  } catch (error) {
    throw malformed(checkpoint, file, `is no JSON: ${thrownText(error)}`, error);
  }
  throw malformed(checkpoint, file, `has more than ${String(mostLevels)} levels of brackets`);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (isInText && sign === '\\') i += 1;
    else if (sign === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (sign === '[' || sign === '{') {
      depth += 1;
      if (depth > mostLevels) return true;
    } else if (sign === ']' || sign === '}') depth -= 1;
  }
  return false;
}
