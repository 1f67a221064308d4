import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packBits, unpackBits } from '../../bench/data/images.js';
import { runExample } from '../support/run-example.js';

test('a quick run measures each way with sources of three speeds, and writes figures and tables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-data-'));
  try {
    const json = join(folder, 'data.json');
    // It fails by itself where the loader and the one thread do not come to the same loss to the bit.
    const { code, stderr } = await runExample('bench/data.ts', ['--quick', '--json', json, '--results', folder]);
    expect(code, stderr).toBe(0);
    const { figures, tables } = JSON.parse(readFileSync(json, 'utf8')) as { figures: Record<string, number>; tables: { cases: { name: string; ms: Record<string, { median: number }>; after: { verdict: string } }[] } };
    expect(Object.keys(figures)).toEqual(['throughput_vs_slower', 'throughput_vs_ideal', 'overlap']);
    expect(figures['throughput_vs_slower']).toBeGreaterThan(0);
    expect(tables.cases.map(({ name }) => name)).toEqual(['half as long', 'as long', 'twice as long']);
    for (const { ms } of tables.cases) {
      expect(Object.keys(ms)).toEqual(['source', 'compute', 'oneThread', 'loader', 'ideal']);
      for (const { median } of Object.values(ms)) expect(median).toBeGreaterThan(0);
    }
    expect(readFileSync(join(folder, 'DATA.md'), 'utf8')).toContain('| throughput_vs_slower |');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is packed is unpacked to the same, in runs and in stretches longer than one byte can say', () => {
  const cases = [[7], [7, 7], [1, 2, 3], [1, 1, 2, 3, 3, 3, 4], Array.from({ length: 300 }, () => 9), Array.from({ length: 300 }, (_, i) => i % 251), [...Array.from({ length: 129 }, (_, i) => i), ...Array.from({ length: 129 }, () => 5)]];
  for (const bytes of cases) {
    const to = new Uint8Array(bytes.length);
    unpackBits(packBits(Uint8Array.from(bytes)), to);
    expect([...to]).toEqual(bytes);
  }
  // The example of Apple's technical note TN1023, the other way round.
  const packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
  const plain = [0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, ...Array.from({ length: 10 }, () => 0xaa)];
  expect([...packBits(Uint8Array.from(plain))]).toEqual(packed);
});
