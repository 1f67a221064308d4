/** What is told of a tensor in one pass over it. Sums are gathered in double precision, run by run. */
import { addProduct, read } from './lanes';

/** Numbers that are summed in float32 before they go into a double, as in rows.ts. */
const run: i32 = 4096;

// @ts-ignore: decorator
@inline function total(x: v128): f64 {
  return <f64>f32x4.extract_lane(x, 0) + <f64>f32x4.extract_lane(x, 1) + (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3));
}

/** out[0] = sum(x[count]^2) */
export function sumOfSquares(x: usize, count: i32, out: usize): void {
  let sum: f64 = 0;
  let from = x;
  for (let first = 0; first < count; first += run) {
    const until = min(run, count - first);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let at = 0;
    // Four at a time: additions to one sum wait for each other.
    for (; at + 16 <= until; at += 16, from += 64) {
      const p = v128.load(from);
      const q = v128.load(from, 16);
      const r = v128.load(from, 32);
      const s = v128.load(from, 48);
      a = addProduct(a, p, p);
      b = addProduct(b, q, q);
      c = addProduct(c, r, r);
      d = addProduct(d, s, s);
    }
    for (; at + 4 <= until; at += 4, from += 16) {
      const p = v128.load(from);
      a = addProduct(a, p, p);
    }
    for (; at < until; at++, from += 4) {
      const p = read(from, 1);
      b = addProduct(b, p, p);
    }
    sum += total(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  store<f32>(out, <f32>sum);
}

/** out[0] = sum((x[count] - y[count])^2) */
export function sumOfSquaredDifferences(x: usize, y: usize, count: i32, out: usize): void {
  let sum: f64 = 0;
  let from = x;
  let other = y;
  for (let first = 0; first < count; first += run) {
    const until = min(run, count - first);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let at = 0;
    for (; at + 8 <= until; at += 8, from += 32, other += 32) {
      const p = f32x4.sub(v128.load(from), v128.load(other));
      const q = f32x4.sub(v128.load(from, 16), v128.load(other, 16));
      a = addProduct(a, p, p);
      b = addProduct(b, q, q);
    }
    for (; at < until; at++, from += 4, other += 4) {
      const p = f32x4.sub(read(from, 1), read(other, 1));
      a = addProduct(a, p, p);
    }
    sum += total(f32x4.add(a, b));
  }
  store<f32>(out, <f32>sum);
}

/** out[4] = sum(x[count]^2), max(|x|) (NaN where x holds one), how many are 0, how many are finite */
export function statistics(x: usize, count: i32, out: usize): void {
  let sum: f64 = 0;
  let zeros: i64 = 0;
  let finite: i64 = 0;
  let largest = f32x4.splat(0);
  const most = f32x4.splat(f32.MAX_VALUE);
  const none = f32x4.splat(0);
  let from = x;
  for (let first = 0; first < count; first += run) {
    const until = min(run, count - first);
    let squares = f32x4.splat(0);
    // A comparison gives -1 in each lane that it holds for.
    let ofZero = i32x4.splat(0);
    let ofFinite = i32x4.splat(0);
    let at = 0;
    for (; at + 4 <= until; at += 4, from += 16) {
      const value = v128.load(from);
      const magnitude = f32x4.abs(value);
      squares = addProduct(squares, value, value);
      largest = f32x4.max(largest, magnitude);
      ofZero = i32x4.sub(ofZero, f32x4.eq(value, none));
      ofFinite = i32x4.sub(ofFinite, f32x4.le(magnitude, most));
    }
    sum += total(squares);
    zeros += <i64>(i32x4.extract_lane(ofZero, 0) + i32x4.extract_lane(ofZero, 1) + i32x4.extract_lane(ofZero, 2) + i32x4.extract_lane(ofZero, 3));
    finite += <i64>(i32x4.extract_lane(ofFinite, 0) + i32x4.extract_lane(ofFinite, 1) + i32x4.extract_lane(ofFinite, 2) + i32x4.extract_lane(ofFinite, 3));
    for (; at < until; at++, from += 4) {
      const value = load<f32>(from);
      sum += <f64>value * <f64>value;
      largest = f32x4.max(largest, f32x4.splat(abs(value)));
      zeros += <i64>(value == 0 ? 1 : 0);
      finite += <i64>(abs(value) <= f32.MAX_VALUE ? 1 : 0);
    }
  }
  store<f32>(out, <f32>sum);
  store<f32>(out + 4, max(max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)), max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3))));
  store<f32>(out + 8, <f32>zeros);
  store<f32>(out + 12, <f32>finite);
}
