/**
 * Copies of each trained weight that the optimizers of TensorFlow.js keep (their accumulators in tfjs-core's
 * optimizers/*.ts): Adam two moments, Adadelta two sums, RMSProp the mean square and the momentum, and when it is
 * centred the mean as well.
 */
export function slotsPerWeight(optimizer: Readonly<Record<string, unknown>>): number | null {
  const name = typeof optimizer['name'] === 'string' ? optimizer['name'].toLowerCase().replace(/optimizer$/, '') : '';
  switch (name) {
    case 'sgd':
      return Number(optimizer['momentum'] ?? 0) > 0 ? 1 : 0;
    case 'momentum':
    case 'adagrad':
      return 1;
    case 'adam':
    case 'adamw':
    case 'adamax':
    case 'adadelta':
      return 2;
    case 'rmsprop':
      return optimizer['centered'] === true ? 3 : 2;
    default:
      return null;
  }
}
