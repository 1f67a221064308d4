/** The gradients of a depthwise convolution with one output for each channel: all is channel by channel. */
import { addProduct, read, write } from './lanes';

// @ts-ignore: decorator
@inline function addTap(vectors: i32, lanes: i32, sum: usize, x: usize, xStep: usize, dy: usize, dyStep: usize, positions: i32): void {
  const zero = f32x4.splat(0);
  let a = read(sum, lanes);
  let b = vectors == 4 ? v128.load(sum, 16) : zero;
  let c = vectors == 4 ? v128.load(sum, 32) : zero;
  let d = vectors == 4 ? v128.load(sum, 48) : zero;
  for (let position = 0; position < positions; position++, x += xStep, dy += dyStep) {
    a = addProduct(a, read(x, lanes), read(dy, lanes));
    if (vectors == 4) {
      b = addProduct(b, v128.load(x, 16), v128.load(dy, 16));
      c = addProduct(c, v128.load(x, 32), v128.load(dy, 32));
      d = addProduct(d, v128.load(x, 48), v128.load(dy, 48));
    }
  }
  write(sum, a, lanes);
  if (vectors == 4) {
    v128.store(sum, b, 16);
    v128.store(sum, c, 32);
    v128.store(sum, d, 48);
  }
}

// @ts-ignore: decorator
@inline function addGradients(dx: usize, dxStep: usize, dy: usize, weights: usize, channels: i32, positions: i32): void {
  const whole = <usize>(channels & ~3) << 2;
  const end = <usize>channels << 2;
  for (let position = 0; position < positions; position++, dx += dxStep, dy += end) {
    let at: usize = 0;
    for (; at < whole; at += 16) v128.store(dx + at, addProduct(v128.load(dx + at), v128.load(dy + at), v128.load(weights + at)));
    for (; at < end; at += 4) write(dx + at, addProduct(read(dx + at, 1), read(dy + at, 1), read(weights + at, 1)), 1);
  }
}

/**
 * For each filter tap, the output positions at which it lies inside of the input. `ofFilter`: weights [filter height,
 * filter width, channels] += sums of x x dy; else x [batch, height, width, channels] += dy x weights.
 * dy is [batch, out height, out width, channels].
 */
// @ts-ignore: decorator
@inline function connect(
  ofFilter: bool, x: usize, dy: usize, weights: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, top: i32, left: i32,
): void {
  const pixel = <usize>channels << 2;
  const step = <usize>strideWidth * pixel;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      const gradients = dy + <usize>((image * outHeight + y) * outWidth) * pixel;
      for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
        const row = y * strideHeight + tapRow * dilationHeight - top;
        if (row < 0 || row >= height) continue;
        for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
          const offset = tapColumn * dilationWidth - left;
          const from = offset >= 0 ? 0 : (strideWidth - 1 - offset) / strideWidth;
          const room = width - 1 - offset;
          const to = room < 0 ? 0 : min(outWidth, room / strideWidth + 1);
          if (to <= from) continue;
          const values = x + <usize>((image * height + row) * width + offset + from * strideWidth) * pixel;
          const slopes = gradients + <usize>from * pixel;
          const tap = weights + <usize>(tapRow * filterWidth + tapColumn) * pixel;
          if (!ofFilter) {
            addGradients(values, step, slopes, tap, channels, to - from);
            continue;
          }
          let channel: i32 = 0;
          for (; channel + 16 <= channels; channel += 16) addTap(4, 4, tap + (<usize>channel << 2), values + (<usize>channel << 2), step, slopes + (<usize>channel << 2), pixel, to - from);
          for (; channel + 4 <= channels; channel += 4) addTap(1, 4, tap + (<usize>channel << 2), values + (<usize>channel << 2), step, slopes + (<usize>channel << 2), pixel, to - from);
          for (; channel < channels; channel++) addTap(1, 1, tap + (<usize>channel << 2), values + (<usize>channel << 2), step, slopes + (<usize>channel << 2), pixel, to - from);
        }
      }
    }
  }
}

export function depthwiseFilterGradient(
  x: usize, dy: usize, dw: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, top: i32, left: i32,
): void {
  connect(true, x, dy, dw, batch, height, width, channels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left);
}

export function depthwiseInputGradient(
  dx: usize, dy: usize, weights: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32, top: i32, left: i32,
): void {
  connect(false, dx, dy, weights, batch, height, width, channels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left);
}
