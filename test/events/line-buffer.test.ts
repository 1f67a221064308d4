import { describe, expect, test } from 'vitest';
import { LineBuffer } from '../../src/events/line-buffer.js';

describe('the buffer of lines', () => {
  test('gives each line as UTF-8 with its end, and none is touched by those after it', () => {
    const lines = new LineBuffer();
    const texts = Array.from({ length: 500 }, (_, i) => `${String(i)} ${'é€𝄞'.repeat(i % 40)}`);
    const bytes = texts.map((text) => lines.bytesOf(text, 0));
    bytes.forEach((each, i) => expect(each.toString('utf8')).toBe(`${texts[i] ?? ''}\n`));
  });

  test('a line longer than a piece has a buffer of its own', () => {
    const long = '€'.repeat(100_000);
    expect(new LineBuffer().bytesOf(long, 0)).toHaveLength(300_001);
  });

  test('memory is used again once its lines are through, and not before', () => {
    const lines = new LineBuffer();
    const text = 'x'.repeat(1000);
    const memories = new Set<ArrayBufferLike>();
    for (let i = 0; i < 1000; i += 1) memories.add(lines.bytesOf(text, Math.max(0, i - 100)).buffer);
    // 100 lines of 1,001 bytes wait at a time: two pieces of 64 KiB, and the one that is being filled.
    expect(memories.size).toBeLessThanOrEqual(4);
    const waiting = new LineBuffer();
    const held = Array.from({ length: 300 }, (_, i) => waiting.bytesOf(`${String(i)} ${text}`, 0));
    held.forEach((each, i) => expect(each.toString().startsWith(`${String(i)} x`)).toBe(true));
  });
});
