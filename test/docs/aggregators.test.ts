import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sinkSchema } from '../../src/config/sink-entries.js';
import { envelopeKeys } from '../../src/events/envelope.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/aggregators.md'), 'utf8');
const blocks = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);

describe('docs/aggregators.md', () => {
  test('has an index template for Elasticsearch that is JSON and knows the keys of a line', () => {
    const [template, ...others] = blocks('json').map((text) => JSON.parse(text) as { template: { settings: object; mappings: { properties: object } } });
    expect(others).toEqual([]);
    expect(template?.template.settings).toMatchObject({ 'index.mapping.ignore_malformed': true });
    const { v, ...rest } = Object.fromEntries(envelopeKeys.map((key) => [key, true])); // v is a number as any other
    expect(v).toBe(true);
    expect(Object.keys(template?.template.mappings.properties ?? {}).sort()).toEqual([...Object.keys(rest), 'msg'].sort());
  });

  test('has entries for a config that a config takes', () => {
    const entries = blocks('yaml').flatMap((text) => ((parse(text) as { sinks?: unknown[] }).sinks ?? []));
    expect(entries).toHaveLength(3);
    for (const entry of entries) expect(sinkSchema.safeParse(entry).error).toBeUndefined();
  });
});
