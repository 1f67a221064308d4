import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, readPage } from '../../scripts/docs/pages.js';
import { hookNames } from '../../src/plugin/index.js';

/** Anchors as GitHub makes them: small letters, spaces to -, other signs but - and _ left out. */
const anchorsOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(({ 1: title = '' }) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

const all = [...pages(), 'CONTRIBUTING.md', 'CHANGELOG.md'];

describe('links', () => {
  for (const page of all) {
    it(`of ${page} lead to files and sections that exist`, () => {
      const links = [...withoutCode(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: link = '' }) => link).filter((link) => !/^[a-z]+:/.test(link));
      const broken = links.filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? page : join(dirname(page), file);
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(readPage(target)).includes(anchor));
      });
      expect(broken).toEqual([]);
    });
  }

  it('of docs/index.md reach every page of docs/, those of rules by way of docs/rules.md', () => {
    const index = readPage('docs/index.md');
    const rules = readPage('docs/rules.md');
    for (const page of pages().filter((each) => each.startsWith('docs/') && each !== 'docs/index.md')) {
      const link = `(${page.slice('docs/'.length)})`;
      expect(link.startsWith('(rules/') ? rules : index).toContain(link);
    }
  });
});

it('the table of hooks in docs/plugins.md has every hook, in the order of their calls', () => {
  const [, section = ''] = readPage('docs/plugins.md').split('## The hooks, in call order');
  expect([...section.matchAll(/^\| `(\w+)` \|/gm)].map(({ 1: name }) => name)).toEqual(hookNames);
});
