import { z } from 'zod';

/** Decay rates of Adam's moments. */
export const betas = z.strictObject({ beta1: z.number().min(0).lt(1), beta2: z.number().min(0).lt(1) });
export type Betas = z.output<typeof betas>;

/** Those of an optimizer as run-start describes it; null for one that is not Adam, whose moments are not corrected or harmless. */
export function betasOf(optimizer: unknown): Betas | null {
  const adam = z.object({ name: z.string().regex(/^adamw?$/i), ...betas.shape }).safeParse(optimizer);
  return adam.success ? { beta1: adam.data.beta1, beta2: adam.data.beta2 } : null;
}

/** How Adam scales an update at its n-th (Kingma & Ba 2015, end of section 2), n from 1. */
const correction = ({ beta1, beta2 }: Betas, n: number): number => Math.sqrt(1 - beta2 ** n) / (1 - beta1 ** n);

/**
 * What the rate of a weight is to be multiplied with at its own n-th update, while Adam makes the `all`-th: TensorFlow.js
 * corrects the moments of all weights by the count of all updates. Without it a weight that comes late, whose gradient keeps
 * its sign, moves by 3.2 times the rate at first, by 6.5 times after ten updates and by 3.2 times still after 100.
 */
export const lateFactor = (given: Betas, n: number, all: number): number => (n === all ? 1 : correction(given, n) / correction(given, all));
