import { crc32c } from '@aws-crypto/crc32c';

/** tensorflow/core/lib/hash/crc32c.h, kMaskDelta: a CRC of data that holds CRCs is weak, so it is turned and moved. */
const maskDelta = 0xa282ead8;
const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;

/** CRC-32C (RFC 3720, B.4), masked as TFRecord has it. */
export const maskedCrc = (bytes: Uint8Array): number => mask(crc32c(bytes) >>> 0);

/**
 * A record as TensorFlow's files have it (tensorflow/core/lib/io/record_writer.h): length (uint64), masked CRC-32C of the
 * length, the data, masked CRC-32C of the data; all little-endian.
 */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(8 + 4 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}
