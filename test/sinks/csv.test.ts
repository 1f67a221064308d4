import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TrainscopeEvent } from '../../src/events/index.js';
import { csvSink } from '../../src/sinks/index.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'trainscope-csv-'));
const event = (seq: number, name: string, data: Record<string, unknown>, plugin: string | null = null): TrainscopeEvent => ({ v: 1, runId: 'r', seq, time: 1000 * seq, event: name, plugin, epoch: 1, step: 2, level: 'info', data });
const header = 'run,seq,time,epoch,step,event,plugin,field,of,value';

async function write(path: string, events: readonly TrainscopeEvent[]): Promise<void> {
  const sink = csvSink(path);
  for (const each of events) await sink.write(each);
  await sink.close?.();
}

test('each number of an event is a row; a name with a comma is quoted, NaN and Infinity are text, lines end with CRLF', async () => {
  const path = join(folder(), 'deep', 'run.csv');
  await write(path, [event(1, 'gradient-norm', { norm: 0.1, weights: { 'a,"b"': { norm: NaN, maxAbs: Infinity } } }, 'gradientNorm')]);
  expect(readFileSync(path, 'utf8')).toBe(
    [header, 'r,1,1970-01-01T00:00:01.000Z,1,2,gradient-norm,gradientNorm,norm,,0.1', 'r,1,1970-01-01T00:00:01.000Z,1,2,gradient-norm,gradientNorm,norm,"a,""b""",NaN', 'r,1,1970-01-01T00:00:01.000Z,1,2,gradient-norm,gradientNorm,maxAbs,"a,""b""",Infinity', ''].join('\r\n'),
  );
});

test('a second process adds rows without a second header, after a row of its own where the last one is torn', async () => {
  const path = join(folder(), 'run.csv');
  await write(path, [event(1, 'x', { a: 1 })]);
  writeFileSync(path, `${readFileSync(path, 'utf8')}r,2,19`);
  await write(path, [event(2, 'x', { a: -0.25 })]);
  const lines = readFileSync(path, 'utf8').split('\r\n');
  expect(lines).toEqual([header, 'r,1,1970-01-01T00:00:01.000Z,1,2,x,,a,,1', 'r,2,19', 'r,2,1970-01-01T00:00:02.000Z,1,2,x,,a,,-0.25', '']);
});

test('what waits is bounded: of three events that come at once, those beyond the bytes are lost and counted', async () => {
  const path = join(folder(), 'run.csv');
  // Header 53 bytes with CRLF, each row 42: the header and two rows are 137.
  const sink = csvSink({ path, maxBytes: 137 });
  for (const seq of [1, 2, 3]) await sink.write(event(seq, 'x', { a: 1 }));
  await sink.close?.();
  expect(sink.stats?.()).toEqual({ written: 2, lost: 1 });
  expect(readFileSync(path, 'utf8').split('\r\n').length).toBe(4);
});

test('a path that cannot be written is refused at the first event', () => {
  const path = folder();
  expect(() => csvSink(path).write(event(1, 'x', { a: 1 }))).toThrow('EISDIR');
});

test.runIf(process.platform === 'linux')('a disk that is full is told at the flush and at the next event, and close gives the file back', async () => {
  const sink = csvSink('/dev/full');
  await sink.write(event(1, 'x', { a: 1 }));
  await expect(sink.flush?.()).rejects.toThrow('ENOSPC');
  expect(() => sink.write(event(2, 'x', { a: 1 }))).toThrow('ENOSPC');
  await expect(sink.close?.()).rejects.toThrow('ENOSPC');
});
