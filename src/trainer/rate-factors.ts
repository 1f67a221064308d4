import { TrainscopeError } from '../errors.js';
import type { Engine } from './engine.js';

/**
 * Gives weights, by their names, factors of the learning rate; 1 to those not named.
 * @throws TrainscopeError OPTIMIZER_INVALID, WEIGHTS_MISMATCH; nothing is changed then
 */
export function setRateFactors({ model, optimizer }: Pick<Engine, 'model' | 'optimizer'>, factors: ReadonlyMap<string, number>): void {
  const variables = new Map(model.weights().map(({ info, variable }) => [info.name, variable.name]));
  const named = new Map<string, number>();
  for (const [name, factor] of factors) {
    const variable = variables.get(name);
    if (variable === undefined) throw new TrainscopeError('WEIGHTS_MISMATCH', { found: `a rate factor is given for the weight "${name}"`, expected: `the weights are ${[...variables.keys()].join(', ')}` });
    if (!Number.isFinite(factor) || factor < 0) throw new TrainscopeError('OPTIMIZER_INVALID', { found: `the rate factor of "${name}" is ${String(factor)}`, expected: 'it is a finite number from 0 up' });
    named.set(variable, factor);
  }
  optimizer.rateFactors = named;
}
