import { describe, expect, it } from 'vitest';
import { terminalSvg, wrapped } from '../../scripts/docs/terminal-svg.js';

const texts = (text: string, columns: number): string[] => wrapped({ kind: 'output', text }, columns).map((line) => line.text);

describe('the picture of a terminal', () => {
  it('breaks long lines between words, the rest as far in as the beginning', () => {
    expect(texts('  one two three', 9)).toEqual(['  one two', '  three']);
    expect(texts('short', 9)).toEqual(['short']);
  });

  it('breaks a word that is longer than a line', () => {
    expect(texts('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  });

  it('is well formed: what would be a tag is escaped, and borders are drawn and not written', () => {
    const svg = terminalSvg({ title: 'a < b', columns: 12, lines: [{ kind: 'command', text: 'x' }, { kind: 'output', text: '┌─┐ 1 & <2>' }] });
    expect(svg).toContain('<title id="title">a &lt; b</title>');
    expect(svg).toContain('1 &amp; &lt;2&gt;</text>');
    expect(svg).not.toContain('┌');
    // Two ways from each of the three border characters.
    expect(svg.match(/L\d/g)).toHaveLength(6);
  });
});
