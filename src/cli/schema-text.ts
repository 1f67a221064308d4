/** zod schemas as text for people: the type of a value, and an object's fields as rows. */
import { z } from 'zod';

/** As much of JSON Schema as zod writes. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
}

export interface Field {
  /** `where.steps.from`, `layers[].name`, `weights.*.norm`. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly description: string;
}

export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Named schemas are not spelt out: what they are called in a sentence. */
const named: Readonly<Record<string, string>> = { Schedule: 'schedule', LearningRateSchedule: 'schedule' };

const nonFinite = new Set<unknown>(['NaN', 'Infinity', '-Infinity']);

/** What trainscope/plugin calls `real`: a number, or the names of those that JSON does not have. */
const isReal = ({ anyOf }: JsonSchema): boolean => anyOf?.length === 2 && anyOf[0]?.type === 'number' && anyOf[1]?.enum?.every((each) => nonFinite.has(each)) === true;

/** zod gives every integer these bounds. */
const bound = (value: number | undefined): number | undefined => (value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value);

function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const low = bound(minimum) === undefined ? (exclusiveMinimum === undefined ? '' : `> ${String(exclusiveMinimum)}`) : `≥ ${String(minimum)}`;
  const high = bound(maximum) === undefined ? (exclusiveMaximum === undefined ? '' : `< ${String(exclusiveMaximum)}`) : `≤ ${String(maximum)}`;
  const range = [low, high].filter((each) => each !== '').join(', ');
  return range === '' ? '' : ` ${range}`;
}

const literal = (value: unknown): string => `\`${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}\``;

/** The type of a value: `integer ≥ 1 or 'epoch'`. */
export function typeText(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return named[schema.$ref.replace('#/$defs/', '')] ?? schema.$ref;
  if (isReal(schema)) return 'real';
  if (schema.not !== undefined) return 'functions, in code alone';
  const branches = schema.anyOf ?? schema.oneOf;
  // A branch that nothing matches is a function: JSON has none.
  if (branches !== undefined) return [...new Set(branches.map((each) => (each.not === undefined ? typeText(each) : 'function')))].join(' or ');
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(', ');
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${rangeText(schema)}`;
  if (schema.type === 'array') return `list of ${inner(schema.items)}`;
  if (schema.type === 'object') return objectText(schema);
  return typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? 'JSON');
}

/** Names that a type spells out; objects with more of them get rows for their fields. */
const mostNames = 8;

function objectText({ properties, additionalProperties }: JsonSchema): string {
  if (properties !== undefined) return Object.keys(properties).length > mostNames ? 'object' : `\`{ ${Object.keys(properties).join(', ')} }\``;
  return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0 ? `record of ${inner(additionalProperties)}` : 'object';
}

/** The type of an element, in brackets where it has several. */
function inner(schema: JsonSchema | undefined): string {
  const text = schema === undefined ? 'anything' : typeText(schema);
  return text.includes(' or ') ? `(${text})` : text;
}

/** Whether the fields of an object say more than their names do. */
const isWorthRows = ({ properties = {} }: JsonSchema): boolean =>
  Object.keys(properties).length > mostNames ||
  Object.values(properties).some((each) => each.description !== undefined || (within(each) !== undefined && isWorthRows(within(each)?.schema ?? {})));

const withoutNull = (schema: JsonSchema): JsonSchema => {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null');
  return others?.length === 1 && others[0] !== undefined ? others[0] : schema;
};

/** What a field holds that has fields of its own, and how they are addressed. */
function within(schema: JsonSchema): { readonly schema: JsonSchema; readonly path: string } | undefined {
  const bare = withoutNull(schema);
  if (bare.properties !== undefined) return { schema: bare, path: '.' };
  if (bare.items?.properties !== undefined) return { schema: bare.items, path: '[].' };
  if (typeof bare.additionalProperties === 'object' && bare.additionalProperties.properties !== undefined) return { schema: bare.additionalProperties, path: '.*.' };
  return undefined;
}

/** The fields of an object, those of objects within it below them; `deep` false leaves these out. */
export function fieldsOf(schema: JsonSchema, { deep = true, prefix = '' }: { readonly deep?: boolean; readonly prefix?: string } = {}): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]): readonly Field[] => {
    const name = `${prefix}${key}`;
    const field: Field = { name, type: typeText(each), required: schema.required?.includes(key) === true, default: each.default, description: each.description ?? '' };
    const below = deep ? within(each) : undefined;
    return below === undefined || !isWorthRows(below.schema) ? [field] : [field, ...fieldsOf(below.schema, { prefix: `${name}${below.path}` })];
  });
}
