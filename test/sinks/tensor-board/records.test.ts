import { expect, test } from 'vitest';
import { crc32c } from '@aws-crypto/crc32c';
import { frameRecord, maskedCrc } from '../../../src/sinks/tensor-board/records.js';
import { scalarValue, summaryEvent, versionEvent } from '../../../src/sinks/tensor-board/summaries.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('CRC-32C of 32 bytes of 0, of 0xff and of 0 to 31 is as RFC 3720, B.4, has it', () => {
  const bytes = (of: (i: number) => number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => of(i));
  // The RFC prints the bytes of the CRC in the order of transmission, the least first: aa 36 91 8a.
  expect([crc32c(bytes(() => 0)), crc32c(bytes(() => 0xff)), crc32c(bytes((i) => i))].map((crc) => crc >>> 0)).toEqual([0x8a9136aa, 0x62a8ab43, 0x46dd794e]);
});

test('a masked CRC is the CRC turned right by 15 bits, plus 0xa282ead8', () => {
  // 0x8a9136aa >> 15 is 0x11522, its low 15 bits 0x36aa on top are 0x6d540000: 0x6d551522 + 0xa282ead8 = 0x10fd7fffa.
  expect(maskedCrc(new Uint8Array(32)).toString(16)).toBe('fd7fffa');
});

test('a record is length, its CRC, data, its CRC, little-endian', () => {
  const record = Buffer.from(frameRecord(new Uint8Array(32)));
  expect(record.length).toBe(8 + 4 + 32 + 4);
  expect(record.subarray(0, 8).toString('hex')).toBe('2000000000000000');
  expect(record.subarray(44).toString('hex')).toBe('faffd70f');
});

test('the first event holds brain.Event:2, and a scalar its tag and float32, byte by byte', () => {
  // wall_time 1 = 3ff0000000000000 under key 0x09; file_version under 0x1a, 13 bytes; source_metadata under 0x52.
  expect(hex(versionEvent(1))).toBe(`09000000000000f03f1a0d${Buffer.from('brain.Event:2').toString('hex')}520c0a0a${Buffer.from('trainscope').toString('hex')}`);
  // Step 7 is 10 07; summary 2a, value 0a, tag 0a 01 61, simple_value 15 with 0.5 = 3f000000.
  expect(hex(summaryEvent(1, 7, [scalarValue('a', 0.5)]))).toBe('09000000000000f03f10072a0a0a080a0161150000003f');
});
