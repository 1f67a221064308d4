import type { Norms, WeightInfo } from 'trainscope/plugin';

export interface WeightReading {
  readonly info: WeightInfo;
  readonly norm: number;
  readonly updateNorm: number;
  /** null when the norm is 0. */
  readonly updateRatio: number | null;
}

/** One measurement as the rules see it. */
export interface Reading {
  readonly step: number;
  /** Loss of the step; NaN when it is not known. */
  readonly loss: number;
  readonly learningRate: number;
  readonly weights: readonly WeightReading[];
  /** All trainable weights as one vector. */
  readonly global: Omit<WeightReading, 'info'>;
}

const ratioOf = (updateNorm: number, norm: number): number | null => (norm === 0 ? null : updateNorm / norm);

export function readWeights(norms: Norms, updates: Norms, infos: readonly WeightInfo[], now: Pick<Reading, 'step' | 'loss' | 'learningRate'>): Reading {
  const weights: WeightReading[] = [];
  let [squares, updateSquares] = [0, 0];
  for (const info of infos) {
    const norm = norms.byWeight.get(info.name);
    const updateNorm = updates.byWeight.get(info.name);
    if (norm === undefined || updateNorm === undefined) continue;
    weights.push({ info, norm, updateNorm, updateRatio: ratioOf(updateNorm, norm) });
    if (!info.trainable) continue;
    squares += norm * norm;
    updateSquares += updateNorm * updateNorm;
  }
  const [norm, updateNorm] = [Math.sqrt(squares), Math.sqrt(updateSquares)];
  return { ...now, weights, global: { norm, updateNorm, updateRatio: ratioOf(updateNorm, norm) } };
}
