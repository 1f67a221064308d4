import { createHash } from 'node:crypto';
import { isPlainObject, type JsonRecord } from './json-value.js';
import { encodeNumbers } from './numbers.js';

/** Keys in the order of their UTF-16 code units, as RFC 8785 (JSON Canonicalization Scheme, section 3.2.3) sorts them. */
const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const sorted = (_key: string, value: unknown): unknown => (isPlainObject(value) ? Object.fromEntries(Object.entries(value).sort(byKey)) : value);

/** JSON in which the order of keys says nothing: equal values give equal text. */
export const canonicalJson = (value: unknown): string => JSON.stringify(encodeNumbers(value), sorted);

/** sha256 of the canonical JSON of a configuration, as 64 hex digits: the same for the same settings in another order. */
export const hashConfiguration = (configuration: JsonRecord): string => createHash('sha256').update(canonicalJson(configuration)).digest('hex');
