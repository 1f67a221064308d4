import type { RandomStream } from 'trainscope/plugin';

/**
 * The logarithm of a number of the gamma distribution with this shape and scale 1, by Marsaglia and Tsang (2000). For a
 * shape below 1 that of shape + 1 times U^(1 / shape) (the same paper, section 6), which as a logarithm does not underflow.
 */
function logGamma(shape: number, random: RandomStream): number {
  // 1 - float() lies in (0, 1], where the logarithm is finite.
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.float()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(1 - random.float()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d) + Math.log(v);
  }
}

/** A number from 0 to 1 of the distribution Beta(a, b): G(a) / (G(a) + G(b)) of two gamma numbers. */
export function beta(a: number, b: number, random: RandomStream): number {
  return 1 / (1 + Math.exp(logGamma(b, random) - logGamma(a, random)));
}
