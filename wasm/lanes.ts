/**
 * Vectors of four floats, and the last one to three of a run one at a time: `lanes` is 4 or 1, and where it is a
 * constant the compiler keeps one of the two ways. A vector with one lane in use is computed like any other.
 */

// @ts-ignore: decorator
@inline export function read(from: usize, lanes: i32): v128 {
  return lanes == 4 ? v128.load(from) : v128.load32_zero(from);
}

// @ts-ignore: decorator
@inline export function write(to: usize, value: v128, lanes: i32): void {
  if (lanes == 4) v128.store(to, value);
  else v128.store32_lane(to, value, 0);
}

/** sum + a x b; wasm has no fused multiplication. */
// @ts-ignore: decorator
@inline export function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}
