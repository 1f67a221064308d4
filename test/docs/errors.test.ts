import { expect, it } from 'vitest';
import { readPage } from '../../scripts/docs/pages.js';
import { errorCodes } from '../../src/errors.js';

const sections = [...readPage('docs/errors.md').matchAll(/^### (\S+)\n\n([^\n]+)/gm)].map(({ 1: code = '', 2: text = '' }) => ({ code, text }));

it('docs/errors.md has a section for every code, and for nothing else', () => {
  expect([...sections.map(({ code }) => code)].sort()).toEqual([...errorCodes].sort());
});

it('each section says something', () => {
  for (const { code, text } of sections) expect(text.length, code).toBeGreaterThan(30);
});
