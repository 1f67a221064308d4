import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../scripts/docs/pages.js';
import { rulePlots } from '../../scripts/rule-plots/index.js';

const sources = ['src', 'plugins'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8')),
);
const found = (pattern: RegExp): string[] => [...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(({ 1: name = '' }) => name)))].sort();

/** Rules are kebab-case: that tells `rule: 'data-bound'` from the rule of a verdict in words. Some checks make theirs by `info('name', ...)`. */
const rules = [...new Set([...found(/\brule: '([a-z0-9]+(?:-[a-z0-9]+)*)'/g), ...found(/\binfo\('([a-z0-9]+(?:-[a-z0-9]+)+)'/g)])].sort();
const pages = readdirSync('docs/rules').sort();

describe('docs/rules', () => {
  it('has a page for every rule of the code, and for nothing else', () => {
    expect(rules.length).toBeGreaterThan(100);
    expect(pages).toEqual(rules.map((name) => `${name}.md`).sort());
  });

  it.each(rules)('%s: severity, signal, thresholds, remedy and a picture', (name) => {
    const text = readPage(`docs/rules/${name}.md`);
    expect(text).toMatch(new RegExp(`^# ${name}\\n\\n\\*\\*(Error|Warning|Info)\\b`));
    expect([...text.matchAll(/^## (.*)$/gm)].map(({ 1: title }) => title)).toEqual(['The signal', 'Thresholds', 'What to do']);
    for (const section of text.split(/^## .*$/m)) expect(section.trim()).not.toBe('');
    const [, alt = '', image] = /^!\[([^\]]+)\]\(\.\.\/images\/rules\/([^)]+)\)$/m.exec(text) ?? [];
    expect(image).toBe(`${name}.svg`);
    expect(alt).toBe(rulePlots.find(({ rule }) => rule === name)?.alt);
    expect(existsSync(`docs/images/rules/${name}.svg`)).toBe(true);
  });

  it('has no picture without a rule', () => {
    expect(readdirSync('docs/images/rules').sort()).toEqual(rules.map((name) => `${name}.svg`).sort());
    expect(rulePlots.map(({ rule }) => rule).sort()).toEqual(rules);
  });

  it('has every page that findings point to', () => {
    const pointed = found(/\bdocs: '(rules\/[^']+)'/g);
    expect(pointed.length).toBeGreaterThan(8);
    for (const place of pointed) expect(pages.map((page) => `rules/${page}`)).toContain(place);
  });
});

describe('docs/rules.md', () => {
  const rows = [...readPage('docs/rules.md').matchAll(/^\| \[([^\]]+)\]\(rules\/([^)]+)\) \| ([^|]+) \| [^|]+ \|$/gm)];

  it('lists every rule once, by its name', () => {
    expect(rows.map(({ 2: page = '' }) => page).sort()).toEqual(pages);
    for (const { 1: name = '', 2: page } of rows) expect(page).toBe(`${name}.md`);
  });

  it('gives each the severities that its page begins with', () => {
    for (const { 1: name = '', 3: listed = '' } of rows) {
      const [, bold = ''] = /\*\*([^*]+)\*\*/.exec(readPage(`docs/rules/${name}.md`)) ?? [];
      expect(listed, name).toBe(['error', 'warning', 'info'].filter((each) => bold.toLowerCase().includes(each)).join(', '));
    }
  });
});
