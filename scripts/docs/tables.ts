/** Markdown tables of options, events and fields. */
import type { z } from 'zod';
import { fieldsOf, jsonSchemaOf, type Field, type JsonSchema } from './schema-text.js';

/** Text as a cell holds it: one line, no bar that would end the cell, no tag. */
const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const code = (text: string): string => `\`${text}\``;

function defaultText({ default: value, required }: Field): string {
  if (value === undefined) return required ? 'required' : '—';
  if (value === 1 / 3) return code('1/3');
  return code(typeof value === 'string' ? `'${value}'` : JSON.stringify(value));
}

/** Options: name, what it takes, its default, what it does with the reason for the default. */
export const optionTable = (schema: z.ZodType): string => optionRows(jsonSchemaOf(schema));

export const optionRows = (schema: JsonSchema): string => {
  const fields = fieldsOf(schema, { deep: false });
  if (fields.length === 0) return 'It has no options.';
  // Where defaults are filled in later, the description tells them.
  if (fields.every((field) => field.default === undefined && !field.required)) return table(['option', 'takes', 'what it does'], fields.map(({ name, type, description }) => [code(name), type, description]));
  return table(['option', 'takes', 'default', 'what it does'], fields.map((field) => [code(field.name), field.type, defaultText(field), field.description]));
};

/** The fields of an event's data; `?` marks those that may be left out. */
export const fieldTable = (schema: z.ZodType): string =>
  table(['field', 'type', 'meaning'], fieldsOf(jsonSchemaOf(schema)).map(({ name, type, required, description }) => [code(`${name}${required ? '' : '?'}`), type, description]));

export interface EventEntry {
  readonly name: string;
  readonly schema: z.ZodType;
  /** Where it is the same for every emit. */
  readonly level?: string;
}

/** Events with all their fields, a section each. */
export const eventSections = (events: readonly EventEntry[], depth = 3): string =>
  events
    .map(({ name, schema, level }) => `${'#'.repeat(depth)} ${name}\n\n${schema.description ?? ''}${level === undefined ? '' : ` Level \`${level}\`.`}\n\n${fieldTable(schema)}`)
    .join('\n\n');
