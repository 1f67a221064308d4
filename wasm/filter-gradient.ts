/**
 * The gradient of a convolution's filter, without laying out patches: in a tensor [height, width, channels] the values
 * under one row of a filter lie side by side, `filter width x channels` of them, so each row of output positions adds
 * a product of matrices: [values under the filter row, positions] x [positions, out channels].
 */
import { read, write } from './lanes';
import { tile } from './tile';

// @ts-ignore: decorator
@inline function strip(depth: i32, product: usize, outChannels: i32, x: usize, xStep: usize, dy: usize, positions: i32): void {
  const rowBytes = <usize>outChannels << 2;
  let channel: i32 = 0;
  for (; channel + 8 <= outChannels; channel += 8) tile(depth, true, 4, product + (<usize>channel << 2), rowBytes, x, 4, xStep, dy + (<usize>channel << 2), rowBytes, positions);
  for (; channel + 4 <= outChannels; channel += 4) tile(depth, false, 4, product + (<usize>channel << 2), rowBytes, x, 4, xStep, dy + (<usize>channel << 2), rowBytes, positions);
  for (; channel < outChannels; channel++) tile(depth, false, 1, product + (<usize>channel << 2), rowBytes, x, 4, xStep, dy + (<usize>channel << 2), rowBytes, positions);
}

function addProducts(product: usize, outChannels: i32, x: usize, xStep: usize, values: i32, dy: usize, positions: i32): void {
  const rowBytes = <usize>outChannels << 2;
  for (; values >= 4; values -= 4, product += 4 * rowBytes, x += 16) strip(4, product, outChannels, x, xStep, dy, positions);
  if (values == 3) strip(3, product, outChannels, x, xStep, dy, positions);
  else if (values == 2) strip(2, product, outChannels, x, xStep, dy, positions);
  else if (values == 1) strip(1, product, outChannels, x, xStep, dy, positions);
}

/**
 * dw [filter height, filter width, channels, out channels] += the gradient for x [batch, height, width, channels] and
 * dy [batch, out height, out width, out channels]. `top` and `left` are the padding before; no dilation.
 */
export function filterGradient(
  x: usize, dy: usize, dw: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const values = filterWidth * channels;
  const xStep = <usize>(strideWidth * channels) << 2;
  // Output positions at which the whole row of the filter lies inside of the input: from .. to - 1.
  const from = min(outWidth, (left + strideWidth - 1) / strideWidth);
  const room = width + left - filterWidth;
  const to = room < 0 ? from : max(from, min(outWidth, room / strideWidth + 1));
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      const gradients = dy + (<usize>((image * outHeight + y) * outWidth * outChannels) << 2);
      for (let tap = 0; tap < filterHeight; tap++) {
        const row = y * strideHeight + tap - top;
        if (row < 0 || row >= height) continue;
        const line = x + (<usize>((image * height + row) * width * channels) << 2);
        const product = dw + (<usize>(tap * values * outChannels) << 2);
        for (let position = 0; position < outWidth; position++) {
          if (position == from && to > from) {
            const inside = line + (<usize>((from * strideWidth - left) * channels) << 2);
            addProducts(product, outChannels, inside, xStep, values, gradients + (<usize>(from * outChannels) << 2), to - from);
            position = to - 1;
            continue;
          }
          const column = position * strideWidth - left;
          const first = max(0, -column);
          const last = min(filterWidth, width - column);
          if (last <= first) continue;
          addProducts(
            product + (<usize>(first * channels * outChannels) << 2), outChannels, line + (<usize>((column + first) * channels) << 2),
            xStep, (last - first) * channels, gradients + (<usize>(position * outChannels) << 2), 1);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline function addRun(from: usize, to: usize, count: i32): void {
  const whole = <usize>(count & ~3) << 2;
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
  for (; at < end; at += 4) write(to + at, f32x4.add(read(to + at, 1), read(from + at, 1)), 1);
}

/**
 * Adds patches [batch, out height, out width, filter height, filter width, channels] to the pixels of
 * dx [batch, height, width, channels] that they lie over: the transpose of taking patches.
 */
export function addPatches(
  patches: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const row = filterWidth * channels;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let position = 0; position < outWidth; position++) {
        const column = position * strideWidth - left;
        const first = max(0, -column);
        const count = (min(filterWidth, width - column) - first) * channels;
        const patch = patches + (<usize>(((image * outHeight + y) * outWidth + position) * filterHeight * row) << 2);
        if (count <= 0) continue;
        for (let tap = 0; tap < filterHeight; tap++) {
          const line = y * strideHeight + tap - top;
          if (line < 0 || line >= height) continue;
          addRun(patch + (<usize>(tap * row + first * channels) << 2), dx + (<usize>(((image * height + line) * width + column + first) * channels) << 2), count);
        }
      }
    }
  }
}
