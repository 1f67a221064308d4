/**
 * One update of one weight by a stock optimizer of TensorFlow.js, in one pass over memory: the same operations in the
 * same order. Nothing is written where it was read: a buffer that others may share stays as it was.
 * `kept` is what decoupled decay leaves of the weight, `penalty` what l2 decay adds of the weight to its gradient.
 */
import { addProduct, read, write } from './lanes';

// @ts-ignore: decorator
@inline function penalised(gradient: v128, weight: v128, penalty: f32): v128 {
  return penalty == 0 ? gradient : addProduct(gradient, weight, f32x4.splat(penalty));
}

// @ts-ignore: decorator
@inline function decayed(weight: v128, kept: f32): v128 {
  return kept == 1 ? weight : f32x4.mul(weight, f32x4.splat(kept));
}

// @ts-ignore: decorator
@inline function sgdLanes(at: usize, lanes: i32, w: usize, g: usize, newW: usize, rate: f32, kept: f32, penalty: f32): void {
  const weight = read(w + at, lanes);
  const gradient = penalised(read(g + at, lanes), weight, penalty);
  write(newW + at, f32x4.sub(decayed(weight, kept), f32x4.mul(gradient, f32x4.splat(rate))), lanes);
}

export function sgd(count: i32, w: usize, g: usize, newW: usize, rate: f32, kept: f32, penalty: f32): void {
  const whole = <usize>(count & ~3) << 2;
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) sgdLanes(at, 4, w, g, newW, rate, kept, penalty);
  for (; at < end; at += 4) sgdLanes(at, 1, w, g, newW, rate, kept, penalty);
}

// @ts-ignore: decorator
@inline function momentumLanes(at: usize, lanes: i32, w: usize, g: usize, v: usize, newW: usize, newV: usize, rate: f32, momentum: f32, nesterov: i32, kept: f32, penalty: f32): void {
  const weight = read(w + at, lanes);
  const gradient = penalised(read(g + at, lanes), weight, penalty);
  const velocity = addProduct(gradient, read(v + at, lanes), f32x4.splat(momentum));
  write(newV + at, velocity, lanes);
  const step = nesterov ? addProduct(gradient, velocity, f32x4.splat(momentum)) : velocity;
  write(newW + at, f32x4.sub(decayed(weight, kept), f32x4.mul(step, f32x4.splat(rate))), lanes);
}

export function momentum(count: i32, w: usize, g: usize, v: usize, newW: usize, newV: usize, rate: f32, momentum: f32, nesterov: i32, kept: f32, penalty: f32): void {
  const whole = <usize>(count & ~3) << 2;
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) momentumLanes(at, 4, w, g, v, newW, newV, rate, momentum, nesterov, kept, penalty);
  for (; at < end; at += 4) momentumLanes(at, 1, w, g, v, newW, newV, rate, momentum, nesterov, kept, penalty);
}

// @ts-ignore: decorator
@inline function adamLanes(
  at: usize, lanes: i32, w: usize, g: usize, m: usize, v: usize, newW: usize, newM: usize, newV: usize,
  rate: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, correction1: f32, correction2: f32, epsilon: f32, kept: f32, penalty: f32,
): void {
  const weight = read(w + at, lanes);
  const gradient = penalised(read(g + at, lanes), weight, penalty);
  const first = f32x4.add(f32x4.mul(read(m + at, lanes), f32x4.splat(beta1)), f32x4.mul(gradient, f32x4.splat(rest1)));
  const second = f32x4.add(f32x4.mul(read(v + at, lanes), f32x4.splat(beta2)), f32x4.mul(f32x4.mul(gradient, gradient), f32x4.splat(rest2)));
  write(newM + at, first, lanes);
  write(newV + at, second, lanes);
  const mean = f32x4.mul(first, f32x4.splat(correction1));
  const root = f32x4.sqrt(f32x4.mul(second, f32x4.splat(correction2)));
  const step = f32x4.div(mean, f32x4.add(root, f32x4.splat(epsilon)));
  write(newW + at, f32x4.sub(decayed(weight, kept), f32x4.mul(step, f32x4.splat(rate))), lanes);
}

/** `rest` is 1 - beta, `correction` 1 / (1 - beta^step). */
export function adam(
  count: i32, w: usize, g: usize, m: usize, v: usize, newW: usize, newM: usize, newV: usize,
  rate: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, correction1: f32, correction2: f32, epsilon: f32, kept: f32, penalty: f32,
): void {
  const whole = <usize>(count & ~3) << 2;
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) adamLanes(at, 4, w, g, m, v, newW, newM, newV, rate, beta1, rest1, beta2, rest2, correction1, correction2, epsilon, kept, penalty);
  for (; at < end; at += 4) adamLanes(at, 1, w, g, m, v, newW, newM, newV, rate, beta1, rest1, beta2, rest2, correction1, correction2, epsilon, kept, penalty);
}

// @ts-ignore: decorator
@inline function rmsPropLanes(
  at: usize, lanes: i32, w: usize, g: usize, s: usize, m: usize, newW: usize, newS: usize, newM: usize,
  rate: f32, decay: f32, rest: f32, momentum: f32, epsilon: f32, kept: f32, penalty: f32,
): void {
  const weight = read(w + at, lanes);
  const gradient = penalised(read(g + at, lanes), weight, penalty);
  const square = f32x4.add(f32x4.mul(read(s + at, lanes), f32x4.splat(decay)), f32x4.mul(f32x4.mul(gradient, gradient), f32x4.splat(rest)));
  write(newS + at, square, lanes);
  const scaled = f32x4.div(f32x4.mul(gradient, f32x4.splat(rate)), f32x4.sqrt(f32x4.add(square, f32x4.splat(epsilon))));
  const step = addProduct(scaled, read(m + at, lanes), f32x4.splat(momentum));
  write(newM + at, step, lanes);
  write(newW + at, f32x4.sub(decayed(weight, kept), step), lanes);
}

/** `rest` is 1 - decay. */
export function rmsProp(
  count: i32, w: usize, g: usize, s: usize, m: usize, newW: usize, newS: usize, newM: usize,
  rate: f32, decay: f32, rest: f32, momentum: f32, epsilon: f32, kept: f32, penalty: f32,
): void {
  const whole = <usize>(count & ~3) << 2;
  const end = <usize>count << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) rmsPropLanes(at, 4, w, g, s, m, newW, newS, newM, rate, decay, rest, momentum, epsilon, kept, penalty);
  for (; at < end; at += 4) rmsPropLanes(at, 1, w, g, s, m, newW, newS, newM, rate, decay, rest, momentum, epsilon, kept, penalty);
}
