import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../scripts/docs/pages.js';

const sources = ['src', 'plugins'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8')),
);
const found = (pattern: RegExp): string[] => [...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(({ 1: name = '' }) => name)))].sort();

/** Rules are kebab-case: that tells `rule: 'data-bound'` from the rule of a verdict in words. */
const rules = found(/\brule: '([a-z0-9]+(?:-[a-z0-9]+)*)'/g);
const sections = [...readPage('docs/rules.md').matchAll(/^### (\S+)$/gm)].map(({ 1: name = '' }) => name);

describe('docs/rules.md', () => {
  it('has a section for every rule of the code, and for nothing else', () => {
    expect(rules.length).toBeGreaterThan(15);
    expect([...sections].sort()).toEqual(rules);
  });

  it('has every place that findings point to', () => {
    const pointed = found(/\bdocs: '([^']+)'/g);
    expect(pointed.length).toBeGreaterThan(8);
    for (const place of pointed) expect(sections.map((name) => `rules.md#${name}`)).toContain(place);
  });

  it('says under each rule what to do', () => {
    const bodies = readPage('docs/rules.md').split(/^### /m).slice(1);
    for (const body of bodies) expect(body, body.split('\n')[0]).toMatch(/^What to do: /m);
  });
});
