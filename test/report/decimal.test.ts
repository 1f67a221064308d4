import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalAt, readEnd } from '../../src/report/gather/decimal.js';

const read = (text: string): { readonly value: number; readonly end: number } => ({ value: decimalAt(Buffer.from(`${text},`), 0), end: readEnd.at });

describe('a number of JSON in bytes', () => {
  test('is what Number() makes of its text, for any double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = JSON.stringify(value);
        expect(read(text)).toEqual({ value: Number(text), end: text.length });
      }),
      { numRuns: 20_000 },
    );
  });

  test('is that for numbers of usual size with 17 digits as well, where one rounding more would show', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-7, max: 1e6, noNaN: true }), fc.boolean(), (value, isNegative) => {
        const text = JSON.stringify(isNegative ? -value : value);
        expect(read(text).value).toBe(Number(text));
      }),
      { numRuns: 50_000 },
    );
  });

  test.each(['0', '-0', '7', '-12', '0.1', '0.30000000000000004', '1e3', '1E+3', '1e-7', '2.5e-324', '1.7976931348623157e308', '123456789012345678', '9007199254740993', '0.000001234567890123456', '100000000000000000000000', '0.00000000000000000000000012345678901234567'])('%s', (text) => {
    expect(Object.is(read(text).value, Number(text))).toBe(true);
    expect(read(text).end).toBe(text.length);
  });

  test('what begins no number is NaN', () => {
    for (const text of ['null', '"NaN"', '-', '', 'true']) expect(read(text).value).toBeNaN();
  });
});
