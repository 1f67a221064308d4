import { createHash, webcrypto } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Of 2^31 bytes and more Node 20 makes no digest in another thread: `data must be less than 2147483648 bits`, it says, and means bytes. */
const largest = 2 ** 31 - 1;

/** Some 5 ms of hashing without the processor's help, between two turns of the event loop. */
const sliceBytes = 2 * 1024 * 1024;

/** SHA-256 in hexadecimal, made in another thread. What is too large for that is hashed here, in slices that let the event loop turn. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>, most = largest): Promise<string> {
  if (bytes.byteLength <= most) return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += sliceBytes) {
    hash.update(bytes.subarray(at, at + sliceBytes));
    await setImmediate();
  }
  return hash.digest('hex');
}
