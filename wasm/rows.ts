/** Tensors seen as rows of `columns` floats: sums over the rows or the columns, and a row that is combined with each. */
import { addProduct, read, write } from './lanes';

/**
 * Rows that are summed before they go into the result: sums of sums keep the rounding of a long float32 sum small,
 * and a stretch of this many rows of 16 columns (16 KiB) stays in the first cache.
 */
const stretch: i32 = 256;

// @ts-ignore: decorator
@inline function addStretch(x: usize, to: usize, rows: i32, rowBytes: usize, vectors: i32, lanes: i32): void {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let from = x;
  let row = 0;
  if (vectors == 4) {
    for (; row < rows; row++, from += rowBytes) {
      a = f32x4.add(a, v128.load(from));
      b = f32x4.add(b, v128.load(from, 16));
      c = f32x4.add(c, v128.load(from, 32));
      d = f32x4.add(d, v128.load(from, 48));
    }
    v128.store(to, f32x4.add(v128.load(to), a));
    v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
    v128.store(to, f32x4.add(v128.load(to, 32), c), 32);
    v128.store(to, f32x4.add(v128.load(to, 48), d), 48);
    return;
  }
  // Four rows at a time: additions to one sum wait for each other.
  for (; row + 4 <= rows; row += 4, from += 4 * rowBytes) {
    a = f32x4.add(a, read(from, lanes));
    b = f32x4.add(b, read(from + rowBytes, lanes));
    c = f32x4.add(c, read(from + 2 * rowBytes, lanes));
    d = f32x4.add(d, read(from + 3 * rowBytes, lanes));
  }
  for (; row < rows; row++, from += rowBytes) a = f32x4.add(a, read(from, lanes));
  write(to, f32x4.add(read(to, lanes), f32x4.add(f32x4.add(a, b), f32x4.add(c, d))), lanes);
}

/** sums[outer, columns] += the sums over the rows of x[outer, rows, columns]. */
export function sumRows(x: usize, sums: usize, outer: i32, rows: i32, columns: i32): void {
  const rowBytes = <usize>columns << 2;
  for (let block = 0; block < outer; block++) {
    for (let first = 0; first < rows; first += stretch) {
      const count = min(stretch, rows - first);
      const from = x + (<usize>block * rows + first) * rowBytes;
      const to = sums + <usize>block * rowBytes;
      let column: i32 = 0;
      for (; column + 16 <= columns; column += 16) addStretch(from + (<usize>column << 2), to + (<usize>column << 2), count, rowBytes, 4, 4);
      for (; column + 4 <= columns; column += 4) addStretch(from + (<usize>column << 2), to + (<usize>column << 2), count, rowBytes, 1, 4);
      for (; column < columns; column++) addStretch(from + (<usize>column << 2), to + (<usize>column << 2), count, rowBytes, 1, 1);
    }
  }
}

/** Numbers of one run that are summed in float32 before they go into its double: 256 additions a lane at most, as in a stretch of rows. */
const run: i32 = 4096;

/**
 * out[rows] = scale x the sums of x[rows, columns] over the columns. Runs are gathered in double precision: a float32
 * sum stands still at 2^24 times what is added to it.
 */
export function sumColumns(x: usize, out: usize, rows: i32, columns: i32, scale: f64): void {
  let from = x;
  if (columns < 64) {
    // So few that what goes on around the additions costs more than they do.
    for (let row = 0; row < rows; row++) {
      let a = f32x4.splat(0);
      let at = 0;
      for (; at + 4 <= columns; at += 4, from += 16) a = f32x4.add(a, v128.load(from));
      let sum = <f64>((f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1)) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3)));
      for (; at < columns; at++, from += 4) sum += <f64>load<f32>(from);
      store<f32>(out + (<usize>row << 2), <f32>(sum * scale));
    }
    return;
  }
  for (let row = 0; row < rows; row++) {
    let sum: f64 = 0;
    for (let first = 0; first < columns; first += run) {
      const count = min(run, columns - first);
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let c = f32x4.splat(0);
      let d = f32x4.splat(0);
      let at = 0;
      // Four at a time: additions to one sum wait for each other.
      for (; at + 16 <= count; at += 16, from += 64) {
        a = f32x4.add(a, v128.load(from));
        b = f32x4.add(b, v128.load(from, 16));
        c = f32x4.add(c, v128.load(from, 32));
        d = f32x4.add(d, v128.load(from, 48));
      }
      for (; at + 4 <= count; at += 4, from += 16) a = f32x4.add(a, v128.load(from));
      for (; at < count; at++, from += 4) b = f32x4.add(b, read(from, 1));
      const all = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
      sum += <f64>f32x4.extract_lane(all, 0) + <f64>f32x4.extract_lane(all, 1) + <f64>f32x4.extract_lane(all, 2) + <f64>f32x4.extract_lane(all, 3);
    }
    store<f32>(out + (<usize>row << 2), <f32>(sum * scale));
  }
}

// @ts-ignore: decorator
@inline function combined(operation: i32, a: v128, b: v128): v128 {
  if (operation == 0) return f32x4.add(a, b);
  if (operation == 1) return f32x4.sub(a, b);
  return f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline function combine(operation: i32, x: usize, row: usize, out: usize, rows: i32, columns: i32): void {
  const whole = <usize>(columns & ~3) << 2;
  const end = <usize>columns << 2;
  for (let each = 0; each < rows; each++, x += end, out += end) {
    let at: usize = 0;
    for (; at < whole; at += 16) v128.store(out + at, combined(operation, v128.load(x + at), v128.load(row + at)));
    for (; at < end; at += 4) write(out + at, combined(operation, read(x + at, 1), read(row + at, 1)), 1);
  }
}

/** out[rows, columns] = x[rows, columns] + row[columns] */
export function addRow(x: usize, row: usize, out: usize, rows: i32, columns: i32): void {
  combine(0, x, row, out, rows, columns);
}

/** out[rows, columns] = x[rows, columns] - row[columns] */
export function subtractRow(x: usize, row: usize, out: usize, rows: i32, columns: i32): void {
  combine(1, x, row, out, rows, columns);
}

/** out[rows, columns] = x[rows, columns] x row[columns] */
export function multiplyRow(x: usize, row: usize, out: usize, rows: i32, columns: i32): void {
  combine(2, x, row, out, rows, columns);
}
