import { addProduct, read, write } from './lanes';

/**
 * The inner loop of every product: out[i, j] += sum over l of a[i, l] x b[l, j] for `depth` (1 to 4) values of i and
 * one vector of j, or two if `wide`. 4 x 8 sums with their factors fit the 16 vector registers of x86 and are enough
 * to keep additions from waiting for each other. `outRow`, `aRow`, `aStep` and `bStep` are bytes from one i or l to the next.
 */
// @ts-ignore: decorator
@inline export function tile(depth: i32, wide: bool, lanes: i32, out: usize, outRow: usize, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, inner: i32): void {
  const zero = f32x4.splat(0);
  const out1 = out + outRow;
  const out2 = out1 + outRow;
  const out3 = out2 + outRow;
  const a1 = a + aRow;
  const a2 = a1 + aRow;
  const a3 = a2 + aRow;
  let p0 = read(out, lanes);
  let p1 = wide ? v128.load(out, 16) : zero;
  let q0 = depth > 1 ? read(out1, lanes) : zero;
  let q1 = depth > 1 && wide ? v128.load(out1, 16) : zero;
  let r0 = depth > 2 ? read(out2, lanes) : zero;
  let r1 = depth > 2 && wide ? v128.load(out2, 16) : zero;
  let s0 = depth > 3 ? read(out3, lanes) : zero;
  let s1 = depth > 3 && wide ? v128.load(out3, 16) : zero;
  let at: usize = 0;
  for (let l = 0; l < inner; l++) {
    const b0 = read(b, lanes);
    const b1 = wide ? v128.load(b, 16) : zero;
    let value = v128.load32_splat(a + at);
    p0 = addProduct(p0, value, b0);
    if (wide) p1 = addProduct(p1, value, b1);
    if (depth > 1) {
      value = v128.load32_splat(a1 + at);
      q0 = addProduct(q0, value, b0);
      if (wide) q1 = addProduct(q1, value, b1);
    }
    if (depth > 2) {
      value = v128.load32_splat(a2 + at);
      r0 = addProduct(r0, value, b0);
      if (wide) r1 = addProduct(r1, value, b1);
    }
    if (depth > 3) {
      value = v128.load32_splat(a3 + at);
      s0 = addProduct(s0, value, b0);
      if (wide) s1 = addProduct(s1, value, b1);
    }
    at += aStep;
    b += bStep;
  }
  write(out, p0, lanes);
  if (wide) v128.store(out, p1, 16);
  if (depth > 1) write(out1, q0, lanes);
  if (depth > 1 && wide) v128.store(out1, q1, 16);
  if (depth > 2) write(out2, r0, lanes);
  if (depth > 2 && wide) v128.store(out2, r1, 16);
  if (depth > 3) write(out3, s0, lanes);
  if (depth > 3 && wide) v128.store(out3, s1, 16);
}
