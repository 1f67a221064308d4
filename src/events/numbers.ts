import { z } from 'zod';
import { isPlainObject } from './json-value.js';

/**
 * Numbers on the wire. JSON has no NaN and no infinities and JSON.stringify writes null for them, yet they are what
 * someone who looks for a fault must see: on the wire they are these three strings.
 */
export const nonFiniteNames = ['NaN', 'Infinity', '-Infinity'] as const;

const numberNamed: ReadonlyMap<unknown, number> = new Map(nonFiniteNames.map((name) => [name, Number(name)]));

/**
 * A number that may be NaN or infinite: takes the number (in memory) and its name (on the wire), so that one schema
 * serves both sides without a transform. Inferred as `number`, since that is what decodeNumbers makes of it.
 *
 * The `anyOf` in its metadata is what z.toJSONSchema prints for it; .describe(), .optional() and .nullable() keep it.
 */
export const real = z
  .unknown()
  .refine((value) => typeof value === 'number' || numberNamed.has(value), { error: 'expected a number (NaN and infinities included)' })
  .meta({ anyOf: [{ type: 'number' }, { enum: [...nonFiniteNames] }] }) as unknown as z.ZodType<number, number>;

/** NaN and infinities become their names. A value without any is returned as it is, not copied: the usual case. */
export const encodeNumbers = (value: unknown): unknown => 
  isAllFinite(value, 0) ? value : map(value, (each) => (typeof each === 'number' && !Number.isFinite(each) ? String(each) : each), 0);

/**
 * The names become numbers again, wherever they stand. A text that happens to read "NaN" becomes a number too:
 * decodeInto, which knows the schema, gives such a text back.
 */
export const decodeNumbers = (value: unknown): unknown => map(value, (each) => (typeof each === 'string' ? (numberNamed.get(each) ?? each) : each), 0);

/** The usual case, known without a closure for each child: every line of a log passes here. */
function isAllFinite(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || depth >= deepest) return true;
  if (Array.isArray(value)) {
    for (const each of value as readonly unknown[]) if (!isAllFinite(each, depth + 1)) return false;
    return true;
  }
  // An instance of a class is left as it is, and may hold itself.
  if (!isPlainObject(value)) return true;
  for (const key of Object.keys(value)) if (!isAllFinite((value as Readonly<Record<string, unknown>>)[key], depth + 1)) return false;
  return true;
}

/** Far deeper than any event or state, and far from the end of the stack: what lies below is left as it is. */
const deepest = 500;

const map = (value: unknown, change: (leaf: unknown) => unknown, depth: number): unknown =>
  typeof value === 'object' && value !== null ? (depth < deepest ? mapChildren(value, (child) => map(child, change, depth + 1)) : value) : change(value);

/** The same object when `change` changes no child; otherwise a copy, so that the one given stays as it is. */
function mapChildren(parent: object, change: (child: unknown) => unknown): unknown {
  if (!Array.isArray(parent) && !isPlainObject(parent)) return parent;
  const children = parent as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(children)) {
    const child = children[key];
    const changed = change(child);
    if (Object.is(changed, child)) continue;
    // Spreading makes "__proto__" an own key of the copy, so that the assignment below cannot reach the prototype.
    copy ??= Array.isArray(parent) ? ([...(parent as unknown[])] as unknown as Record<string, unknown>) : { ...children };
    copy[key] = changed;
  }
  return copy ?? parent;
}

type Path = readonly PropertyKey[];

/**
 * Decodes what came over the wire and validates it. Where the schema wants text and got a number that was the text
 * "NaN", "Infinity" or "-Infinity" on the wire, the text is put back.
 *
 * In a field that takes any JSON (evidence, a configuration) both readings are valid, and the number wins.
 */
export function decodeInto<T>(schema: z.ZodType<T>, wire: unknown): z.ZodSafeParseResult<T> {
  let decoded = decodeNumbers(wire);
  for (;;) {
    const result = schema.safeParse(decoded);
    if (result.success) return result;
    const texts = result.error.issues.flatMap((issue) => pathsOf(issue)).filter((path) => wasText(valueAt(wire, path), valueAt(decoded, path)));
    if (texts.length === 0) return result; // every round puts back at least one text, so the rounds end
    for (const path of texts) decoded = putBack(decoded, path, valueAt(wire, path));
  }
}

const wasText = (wire: unknown, decoded: unknown): boolean => typeof wire === 'string' && typeof decoded === 'number';

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), root);

/** Where an issue points to, with the places that the branches of a union point to. */
function pathsOf(issue: z.core.$ZodIssue, above: Path = []): Path[] {
  const path = [...above, ...issue.path];
  const inner = issue.code === 'invalid_union' ? issue.errors.flat().flatMap((each) => pathsOf(each, path)) : [];
  return [path, ...inner];
}

/** Safe in place: a decoded number stands only in copies that mapChildren made. */
function putBack(root: unknown, path: Path, text: unknown): unknown {
  const key = path.at(-1);
  if (key === undefined) return text;
  (valueAt(root, path.slice(0, -1)) as Record<PropertyKey, unknown>)[key] = text;
  return root;
}
