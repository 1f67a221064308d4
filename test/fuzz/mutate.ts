import fc from 'fast-check';
import { hostileNames } from './hostile.js';

/** One change to a value at one of its places. */
interface Mutation {
  /** Which place, counted over all that the value has at that time. */
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'rename' | 'slip' | 'add' | 'wrap' | 'twin' | 'repeat';
  readonly value: unknown;
  readonly name: string;
}

interface Spot {
  readonly holder: Record<string | number, unknown>;
  readonly key: string | number;
}

/** Instances and what is frozen are taken as they are: models, tensors, plugins. */
const isOpen = (value: unknown): value is Record<string, unknown> | unknown[] =>
  typeof value === 'object' && value !== null && !Object.isFrozen(value) && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

/** `__proto__` becomes a key of its own, as JSON.parse makes it. */
const put = (holder: object, key: string | number, value: unknown): void => void Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });

/** Values that mutations put in: they may be deep or hold themselves, and are neither entered nor copied nor changed. */
type Strangers = ReadonlySet<unknown>;

function copy(value: unknown, strangers: Strangers): unknown {
  if (!isOpen(value) || strangers.has(value)) return value;
  if (Array.isArray(value)) return value.map((each) => copy(each, strangers));
  const result = {};
  for (const [key, each] of Object.entries(value)) put(result, key, copy(each, strangers));
  return result;
}

/** Every place of a value, the whole first. */
function spotsOf(root: Spot, strangers: Strangers): Spot[] {
  const spots = [root];
  for (const { holder, key } of spots) {
    const value = holder[key];
    if (!isOpen(value) || strangers.has(value)) continue;
    for (const inner of Object.keys(value)) spots.push({ holder: value as Record<string, unknown>, key: Array.isArray(value) ? Number(inner) : inner });
    if (spots.length > 2000) break;
  }
  return spots;
}

/** A slip of the finger: a letter left out, doubled, or in the other case. */
const slip = (name: string, at: number): string => {
  const i = name.length === 0 ? 0 : at % name.length;
  const letter = name.charAt(i);
  return [name.slice(0, i) + name.slice(i + 1), name.slice(0, i) + letter + name.slice(i), name.slice(0, i) + (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()) + name.slice(i + 1)][at % 3] ?? name;
};

function change({ holder, key }: Spot, { how, value, name, at }: Mutation, spots: readonly Spot[], strangers: Strangers): void {
  const old = holder[key];
  const isOurs = isOpen(old) && !strangers.has(old);
  const remove = (): unknown => (Array.isArray(holder) ? holder.splice(Number(key), 1) : Reflect.deleteProperty(holder, key));
  switch (how) {
    case 'replace':
      put(holder, key, value);
      break;
    case 'remove':
      remove();
      break;
    case 'rename':
    case 'slip':
      if (Array.isArray(holder)) break;
      remove();
      put(holder, how === 'slip' ? slip(String(key), at) : name, old);
      break;
    case 'add':
      if (!isOurs) break;
      if (Array.isArray(old)) old.push(value);
      else put(old, name, value);
      break;
    case 'wrap':
      put(holder, key, at % 2 === 0 ? [old] : { [name]: old });
      break;
    case 'twin': {
      const other = spots[(at * 7919) % spots.length];
      if (other !== undefined) put(holder, key, copy(other.holder[other.key], strangers));
      break;
    }
    case 'repeat':
      if (isOurs && Array.isArray(old)) old.push(...old.slice(0, 50).map((each) => copy(each, strangers)));
      break;
  }
}

const mutations = (values: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Mutation[]> =>
  fc.array(
    fc.record({
      at: fc.nat(),
      how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'rename', 'slip', 'add', 'wrap', 'twin', 'repeat'),
      value: values,
      name: fc.oneof(fc.constantFrom(...hostileNames), fc.string({ maxLength: 6 })),
    }),
    { maxLength: 4 },
  );

/** A value that is right, changed at a few places, at any depth. `bases` are not touched. */
export const mutated = (bases: readonly unknown[], values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(fc.nat({ max: bases.length - 1 }), mutations(values)).map(([base, changes]) => {
    const root: Spot = { holder: { value: copy(bases[base], new Set()) }, key: 'value' };
    const strangers = new Set<unknown>();
    for (const each of changes) {
      const spots = spotsOf(root, strangers);
      const spot = spots[each.at % spots.length];
      if (spot === undefined) continue;
      strangers.add(each.value);
      change(spot, each, spots, strangers);
    }
    return root.holder['value'];
  });

/** One change to a text. */
const splice = fc.record({ at: fc.nat(), length: fc.nat({ max: 12 }), how: fc.constantFrom('insert', 'delete', 'double', 'cut'), token: fc.nat() });

/** A text with tokens put in, parts left out or doubled, or its end cut off. */
export const spliced = (texts: fc.Arbitrary<string>, tokens: readonly string[], most = 4): fc.Arbitrary<string> =>
  fc.tuple(texts, fc.array(splice, { maxLength: most })).map(([text, changes]) =>
    changes.reduce((now, { at, length, how, token }) => {
      const i = at % (now.length + 1);
      if (how === 'cut') return now.slice(0, i);
      if (how === 'insert') return now.slice(0, i) + (tokens[token % tokens.length] ?? '') + now.slice(i);
      return how === 'delete' ? now.slice(0, i) + now.slice(i + length) : now.slice(0, i + length) + now.slice(i);
    }, text),
  );
