import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter } from '../../../plugins/gpu-profiler/line-splitter.js';

it('lines come out whole wherever the chunks are cut', () => {
  const text = 'one\r\ntwo\n\nthree, and more\nfour';
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
      const splitter = new LineSplitter();
      const lines = edges.slice(1).flatMap((edge, at) => splitter.push(text.slice(edges[at], edge)));
      expect([...lines, ...splitter.end()]).toEqual(['one', 'two', '', 'three, and more', 'four']);
    }),
  );
});

it('a line of 65,536 characters is kept, and one of 65,537 is dropped, with the lines around it kept', () => {
  const splitter = new LineSplitter();
  expect(splitter.push(`a\n${'x'.repeat(65_536)}\n`).map(({ length }) => length)).toEqual([1, 65_536]);
  expect(splitter.push('x'.repeat(40_000))).toEqual([]);
  expect(splitter.push('x'.repeat(25_537))).toEqual([]);
  expect(splitter.push('still the same line\nb\nc')).toEqual(['b']);
  expect(splitter.end()).toEqual(['c']);
  expect(splitter.dropped).toBe(1);
  expect(splitter.droppedCharacters).toBe(65_537 + 19);
});

it('an endless line leaves nothing behind', () => {
  const splitter = new LineSplitter(10);
  for (let i = 0; i < 100; i += 1) splitter.push('0123456');
  expect(splitter.end()).toEqual([]);
  expect(splitter.droppedCharacters).toBe(700);
  expect(splitter.dropped).toBe(1);
});
