import { crc32 as zlibCrc, deflateSync } from 'node:zlib';

/** CRC-32 as PNG and zlib have it; node:zlib has it from 20.15 on. */
function crc32(bytes: Uint8Array): number {
  if (typeof zlibCrc === 'function') return zlibCrc(bytes);
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Colour types of the format by channels: grey, grey with alpha, RGB, RGB with alpha. */
const colourTypes = [0, 4, 2, 6] as const;

/**
 * A PNG of 8 bits a channel (W3C, "Portable Network Graphics", third edition).
 * @param pixels [height, width, channels], with 1 to 4 channels
 */
export function encodePng(pixels: Uint8Array, width: number, height: number, channels: 1 | 2 | 3 | 4): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = colourTypes[channels - 1] ?? 0;
  const stride = width * channels;
  // Each line begins with its filter: 0, none.
  const lines = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y += 1) lines.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', new Uint8Array(0))]);
}
