import { read, write } from './lanes';

/**
 * One window, one vector of channels: the gradient goes to the first maximum. A NaN is larger than nothing, so a
 * window of NaN alone passes none on.
 */
// @ts-ignore: decorator
@inline function route(lanes: i32, x: usize, dx: usize, dy: usize, rows: i32, columns: i32, rowBytes: usize, pixel: usize): void {
  let largest = f32x4.splat(-Infinity);
  let where = i32x4.splat(-1);
  let tap: i32 = 0;
  for (let row = 0; row < rows; row++) {
    let from = x + <usize>row * rowBytes;
    for (let column = 0; column < columns; column++, tap++, from += pixel) {
      const value = read(from, lanes);
      const larger = f32x4.gt(value, largest);
      largest = v128.bitselect(value, largest, larger);
      where = v128.bitselect(i32x4.splat(tap), where, larger);
    }
  }
  const gradient = read(dy, lanes);
  tap = 0;
  for (let row = 0; row < rows; row++) {
    let to = dx + <usize>row * rowBytes;
    for (let column = 0; column < columns; column++, tap++, to += pixel) {
      write(to, f32x4.add(read(to, lanes), v128.and(gradient, i32x4.eq(where, i32x4.splat(tap)))), lanes);
    }
  }
}

/** dx [batch, height, width, channels] += the gradient dy [batch, out height, out width, channels] of max pooling x, which is shaped like dx. */
export function maxPoolGradient(
  x: usize, dx: usize, dy: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  windowHeight: i32, windowWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const pixel = <usize>channels << 2;
  const rowBytes = <usize>width * pixel;
  const whole = <usize>(channels & ~3) << 2;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      const row = max(0, y * strideHeight - top);
      const rows = min(height, y * strideHeight - top + windowHeight) - row;
      for (let position = 0; position < outWidth; position++, dy += pixel) {
        const column = max(0, position * strideWidth - left);
        const columns = min(width, position * strideWidth - left + windowWidth) - column;
        const window = <usize>((image * height + row) * width + column) * pixel;
        let at: usize = 0;
        for (; at < whole; at += 16) route(4, x + window + at, dx + window + at, dy + at, rows, columns, rowBytes, pixel);
        for (; at < pixel; at += 4) route(1, x + window + at, dx + window + at, dy + at, rows, columns, rowBytes, pixel);
      }
    }
  }
}
