import { expect, test } from 'vitest';
import { sha256 } from '../../src/checkpoint/digest.js';

// FIPS 180-2, appendices B.1 and B.3
const million = new Uint8Array(1_000_000).fill(0x61);
const ofMillion = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';

test.each([
  ['"abc"', new TextEncoder().encode('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['a million times "a"', million, ofMillion],
])('the digest of %s is that of the standard', async (_, bytes, digest) => {
  expect(await sha256(bytes)).toBe(digest);
});

test('what is too large for one digest is hashed in slices, with the same result', async () => {
  const large = new Uint8Array(5_000_000).fill(0x61);
  expect(await sha256(large, 4_999_999)).toBe(await sha256(large));
  expect(await sha256(million, 0)).toBe(ofMillion);
});
