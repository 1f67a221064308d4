import { inspect } from 'node:util';
import { z } from 'zod';
import type { ConfigProblem } from './errors.js';
import { nearestName } from './nearest-name.js';

/**
 * What zod found wrong, as problems that a person can act on: where, what was found, what was expected, and the nearest
 * right key or name. Of a union it is told which branch was meant, where that shows.
 */

type Path = readonly (string | number)[];
type Schema = z.core.$ZodType;
type Leaf = z.core.$ZodTypes;

/** `schedules[1].tMax`; nothing for the root. */
export const pathText = (path: Path): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : !/^[\w$-]+$/.test(key) ? `[${JSON.stringify(key)}]` : i === 0 ? key : `.${key}`)).join('');

/** `run.yaml:12:5 fit.epochs: found 0, expected a number of at least 1`. A message that begins with the key itself stands behind the path of its parent. */
export function problemText(problem: ConfigProblem): string {
  const { path, message, suggestion, file, line, column, argument } = problem;
  const place = pathText(namesItsKey(problem) ? path.slice(0, -1) : path);
  const at = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}:${column ?? 1}`} `;
  const by = argument === undefined ? '' : at === '' ? `${argument}: ` : `with ${argument} `;
  return `${at}${by}${place === '' ? '' : `${place}: `}${message}${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`;
}

/** Problems as one text. */
export const listProblems = (problems: readonly ConfigProblem[]): string => problems.map(problemText).join('; ');

/** True for a problem whose message begins with the key that it is about: the key is what is wrong, or holds the rest. */
export function namesItsKey({ path, message }: ConfigProblem): boolean {
  const key = path.at(-1);
  return key !== undefined && (message.startsWith(`${key} `) || message.startsWith(unknownKey(key)));
}

/** What stands under a key of its own; undefined where there is none. */
export const valueAt = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;

/** A value as a message shows it. */
export function showValue(value: unknown): string {
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === 'object' ? 'an object' : typeof value === 'function' ? 'a function' : inspect(value);
}

/** The problem of a key that nothing is called. */
export function unknownKeyProblem(path: Path, key: string, known: readonly string[]): ConfigProblem {
  const suggestion = nearestName(key, known);
  if (suggestion !== undefined) return { path: [...path, key], message: unknownKey(key), suggestion };
  return { path: [...path, key], message: `${unknownKey(key)}${known.length === 0 ? '' : `; known are ${known.join(', ')}`}` };
}

/**
 * zod's issues as problems, a problem for each mistake.
 * @param given The value that was parsed.
 */
export function problemsOf(error: { readonly issues: readonly z.core.$ZodIssue[] }, schema: Schema, given: unknown): readonly ConfigProblem[] {
  const problems = error.issues.flatMap((issue) => problemsOfIssue(issue, schema, given));
  // A key that is mistyped is one mistake, not a missing key and an unknown one.
  const meant = new Set(problems.flatMap(({ path, suggestion }) => (suggestion === undefined ? [] : [pathText([...path.slice(0, -1), suggestion])])));
  const apart = problems.filter(({ path, message }) => !message.startsWith(missing) || !meant.has(pathText(path)));
  // A check of the whole may find what the check of a part has found.
  return [...new Map(apart.map((problem) => [problemText(problem), problem])).values()];
}

const missing = 'missing';
const unknownKey = (key: string | number): string => `unknown key "${key}"`;
const found = (value: unknown): string => (value === undefined ? missing : `found ${showValue(value)}`);
const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf = (names: readonly unknown[]): string => (names.length === 1 ? '' : 'one of ') + names.map(String).join(', ');

function problemsOfIssue(issue: z.core.$ZodIssue, schema: Schema, given: unknown): readonly ConfigProblem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const value = path.reduce<unknown>(valueAt, given);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKeyProblem(path, key, keysBeside(leavesAt(schema, given, path), value)));
  if (issue.code === 'invalid_union') {
    // A discriminated union points to the key that tells its branches apart, and not to itself.
    const at = issue.errors.length === 0 && issue.discriminator !== undefined ? path.slice(0, -1) : path;
    return problemsOfUnion(at, at.reduce<unknown>(valueAt, given), leavesAt(schema, given, at), issue.message);
  }
  if (issue.code === 'invalid_value' && hasOwnMessage(issue)) return [choiceProblem(path, value, issue.values)];
  const isWhole = leavesAt(schema, given, path).flatMap(describeLeaf).join() === wholeNumber;
  const expected = hasOwnMessage(issue) ? expectation(issue, value, isWhole) : undefined;
  return [{ path, message: expected === undefined ? issue.message : `${found(value)}, expected ${expected}` }];
}

/** True where zod wrote the message, false where the schema's author did. */
const hasOwnMessage = ({ message }: z.core.$ZodIssue): boolean => /^(Invalid|Too (small|big))/.test(message);

function choiceProblem(path: Path, value: unknown, choices: readonly unknown[]): ConfigProblem {
  const near = typeof value === 'string' ? nearestName(value, choices.filter((each) => typeof each === 'string')) : undefined;
  return { path, message: `${found(value)}, expected ${oneOf(choices)}`, ...(near === undefined ? {} : { suggestion: near }) };
}

const wholeNumber = 'a whole number';
const kindNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: wholeNumber,
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'an array',
  tuple: 'an array',
  null: 'null',
};

/** What was expected, in words; undefined where zod's own words have to do. */
function expectation(issue: z.core.$ZodIssue, value: unknown, isWhole: boolean): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (isWhole) return wholeNumber;
      return issue.expected === 'number' && typeof value === 'number' ? 'a finite number' : (kindNames[issue.expected] ?? issue.expected);
    case 'too_small':
      return bound(isWhole ? 'int' : issue.origin, issue.inclusive === false ? 'above' : 'of at least', issue.minimum);
    case 'too_big':
      return bound(isWhole ? 'int' : issue.origin, issue.inclusive === false ? 'below' : 'of at most', issue.maximum);
    case 'invalid_format':
      return `text of the form ${issue.pattern ?? issue.format}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_key':
    case 'invalid_element':
    case 'invalid_union':
    case 'invalid_value':
    case 'unrecognized_keys':
    case 'custom':
      return undefined;
  }
}

function bound(origin: string, how: string, limit: number | bigint): string {
  if (origin === 'string') return `text ${how} ${limit} character${limit === 1 ? '' : 's'}`;
  if (origin === 'array') return `an array ${how} ${limit}`;
  return `${origin === 'int' ? wholeNumber : 'a number'} ${how} ${limit}`;
}

/** The branches of a union are told apart by the kind of the value, by a key with a fixed value, and by the keys that are there. */
function problemsOfUnion(path: Path, value: unknown, leaves: readonly Leaf[], otherwise: string): readonly ConfigProblem[] {
  const maps = leaves.filter(isObject);
  if (isMap(value)) {
    const choice = discriminatorProblem(path, value, maps);
    if (choice !== undefined) return [choice];
  }
  const tries = leaves.map((leaf) => ({ leaf, result: z.core.safeParse(leaf, value) }));
  const failures = tries.flatMap(({ leaf, result }) => (result.success || isOfOtherKind(result.error.issues) ? [] : [problemsOf(result.error, leaf, value)]));
  const [best] = failures.toSorted((a, b) => weight(a) - weight(b));
  if (tries.some(({ result }) => result.success)) return [{ path, message: otherwise }];
  const expected = describeLeaves(leaves, maps);
  if (best === undefined) {
    const choices = leaves.flatMap(choicesOf);
    return [{ ...choiceProblem(path, value, choices), message: `${found(value)}, expected ${expected}` }];
  }
  if (isMap(value) && failures.length > 1) {
    const keys = Object.keys(value);
    const known = keys.filter((key) => maps.some((leaf) => keysOf(leaf).includes(key)));
    const strangers = best.filter(({ message, path: [key] }) => typeof key === 'string' && message.startsWith(unknownKey(key)) && known.includes(key));
    if (strangers.length > 0) return [{ path, message: `${known.join(' and ')} do not go together, expected ${expected}` }];
    if (known.length === 0 && best.every(({ suggestion }) => suggestion === undefined)) return [{ path, message: `found { ${keys.join(', ')} }, expected ${expected}`.replace('{  }', '{}') }];
  }
  return best.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}

/** The problem with the key whose fixed values tell the branches apart, such as `kind`: it is missing or has another value. */
function discriminatorProblem(path: Path, value: object, maps: readonly Leaf[]): ConfigProblem | undefined {
  const key = discriminatorOf(maps);
  if (key === undefined || maps.some((leaf) => literalsAt(leaf, key).includes(valueAt(value, key)))) return undefined;
  const known = [...new Set(maps.flatMap(keysOf))];
  const slip = Object.hasOwn(value, key) ? undefined : Object.keys(value).find((each) => !known.includes(each) && nearestName(each, known) === key);
  if (slip !== undefined) return unknownKeyProblem(path, slip, [key]);
  return choiceProblem([...path, key], valueAt(value, key), maps.flatMap((leaf) => literalsAt(leaf, key)));
}

const isObject = (leaf: Leaf): boolean => leaf._zod.def.type === 'object';

/** The key that has fixed values in each of several branches. */
const discriminatorOf = (maps: readonly Leaf[]): string | undefined =>
  maps
    .slice(0, maps.length > 1 ? 1 : 0)
    .flatMap(keysOf)
    .find((key) => maps.every((leaf) => literalsAt(leaf, key).length > 0));

/** True where the value as a whole is of another kind than the branch takes. */
const isOfOtherKind = (issues: readonly z.core.$ZodIssue[]): boolean =>
  issues.some(({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'custom'));

/** A mistake each; a near name makes it likelier that this was meant. */
const weight = (problems: readonly ConfigProblem[]): number => problems.reduce((sum, { suggestion }) => sum + (suggestion === undefined ? 1 : 0.5), 0);

function describeLeaves(leaves: readonly Leaf[], maps: readonly Leaf[]): string {
  const key = discriminatorOf(maps);
  if (key === undefined) return [...new Set(leaves.flatMap(describeLeaf))].join(' or ');
  const whole = `an object whose ${key} is ${oneOf(maps.flatMap((leaf) => literalsAt(leaf, key)))}`;
  return [...new Set([...leaves.filter((leaf) => !maps.includes(leaf)).flatMap(describeLeaf), whole])].join(' or ');
}

function describeLeaf(leaf: Leaf): readonly string[] {
  const { def } = leaf._zod;
  const choices = choicesOf(leaf);
  if (choices.length > 0) return [oneOf(choices)];
  if (def.type === 'object') return [`{ ${Object.entries(def.shape).map(([key, field]) => `${key}${field._zod.optin === undefined ? '' : '?'}`).join(', ')} }`];
  if (def.type === 'number' && 'format' in def) return [wholeNumber];
  const name = kindNames[def.type];
  return name === undefined ? [] : [name];
}

/** The values that a literal or an enum takes. */
function choicesOf(leaf: Leaf): readonly unknown[] {
  const { def } = leaf._zod;
  return def.type === 'literal' ? def.values : def.type === 'enum' ? Object.values(def.entries) : [];
}

const keysOf = (leaf: Leaf): readonly string[] => (leaf._zod.def.type === 'object' ? Object.keys(leaf._zod.def.shape) : []);

/** The keys of the branches that know most of the keys that are there. */
function keysBeside(leaves: readonly Leaf[], value: unknown): readonly string[] {
  const counts = leaves.map((leaf) => keysOf(leaf).filter((key) => valueAt(value, key) !== undefined).length);
  return leaves.filter((_, i) => counts[i] === Math.max(...counts)).flatMap(keysOf);
}

/** The values of a field that has fixed ones alone. */
function literalsAt(leaf: Leaf, key: string): readonly unknown[] {
  const fields = childrenOf(leaf, key);
  return fields.every((field) => field._zod.def.type === 'literal') ? fields.flatMap(choicesOf) : [];
}

/** The schemas that a value may be held to: wrappers taken off, unions opened. */
function leavesOf(schema: Schema): readonly Leaf[] {
  // Another copy or version of zod, in a plugin from elsewhere, may make schemas that cannot be looked into.
  const def = (schema as Partial<Leaf>)._zod?.def;
  if (def === undefined) return [];
  if (def.type === 'union') return def.options.flatMap(leavesOf);
  if (def.type === 'intersection') return [def.left, def.right].flatMap(leavesOf);
  if (def.type === 'pipe') return leavesOf((def.in as Leaf)._zod.def.type === 'transform' ? def.out : def.in);
  if (def.type === 'lazy') return leavesOf(def.getter());
  return 'innerType' in def ? leavesOf(def.innerType) : [schema as Leaf];
}

function childrenOf(leaf: Leaf, key: string | number): readonly Leaf[] {
  const { def } = leaf._zod;
  const child =
    def.type === 'object'
      ? (valueAt(def.shape, key) as Schema | undefined) ?? def.catchall
      : def.type === 'record'
        ? def.valueType
        : def.type === 'array'
          ? def.element
          : undefined;
  return child === undefined ? [] : leavesOf(child);
}

/** Of branches that a key tells apart, those that it points to. */
function narrowed(leaves: readonly Leaf[], value: unknown): readonly Leaf[] {
  const maps = leaves.filter(isObject);
  const key = discriminatorOf(maps);
  const own = key === undefined ? undefined : valueAt(value, key);
  if (key === undefined || own === undefined) return leaves;
  const meant = maps.filter((leaf) => literalsAt(leaf, key).includes(own));
  return meant.length === 0 ? leaves : meant;
}

function leavesAt(schema: Schema, given: unknown, path: Path): readonly Leaf[] {
  let [leaves, value] = [leavesOf(schema), given];
  for (const key of path) [leaves, value] = [narrowed(leaves, value).flatMap((leaf) => childrenOf(leaf, key)), valueAt(value, key)];
  return narrowed(leaves, value);
}
