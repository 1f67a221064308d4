import type { Finding } from '../../../src/diagnosis/index.js';
import { emptyWatch, see, type Seen, type Statistics, type Watch } from '../../../src/diagnosis/rules/index.js';

type Layer = Statistics['layers'][string];
type Weight = Statistics['weights'][string];
type Output = Statistics['outputs'][number];

export const layer = (more: Partial<Layer> = {}): Layer => ({ className: 'Dense', activation: 'relu', isOutput: false, rows: 64, deadUnits: 0.1, zeros: 0.5, rms: 1, maxAbs: 3, min: 0, beyondTanh: 0, beyondSigmoid: 0, ...more });
export const kernel = (more: Partial<Weight> = {}): Weight => ({ layer: 'hidden', isKernel: true, trainable: true, norm: 1, updateNorm: 1e-3, gradientNorm: 0.1, ...more });
export const output = (correlation: number | null, more: Partial<Output> = {}): Output => ({ samples: 64, nonFinite: 0, maxAbs: 1, spread: 1, labelSpread: 1, correlation, classes: null, ...more });

export const statistics = (more: Partial<Statistics> = {}): Statistics => ({
  loss: 1,
  learningRate: 0.01,
  gradientNorm: 0.15,
  layers: { hidden: layer(), out: layer({ activation: 'linear', isOutput: true, zeros: 0, min: -3 }) },
  weights: { 'hidden/kernel': kernel(), 'out/kernel': kernel({ layer: 'out' }) },
  outputs: [output(0.8)],
  tensors: 20,
  times: { data: 1, total: 100 },
  ...more,
});

/** A repeatable draw from -1 to 1: noise that no test leaves to chance. */
export const noise = (i: number): number => 2 * ((Math.sin(i * 12.9898) * 43758.5453) % 1 + 1) % 2 - 1;

export interface Told {
  readonly findings: readonly Finding[];
  readonly watch: Watch;
  /** `rule severity` of warnings and errors. */
  readonly alarms: readonly string[];
}

/** Shows events to all rules. */
export function tell(events: readonly Seen[], from: Watch = emptyWatch()): Told {
  let watch = from;
  const findings: Finding[] = [];
  for (const event of events) {
    const result = see(watch, event);
    watch = result.watch;
    findings.push(...result.findings);
  }
  return { findings, watch, alarms: findings.filter(({ severity }) => severity !== 'info').map(({ rule, severity }) => `${rule} ${severity}`) };
}

/** A run of `length` measurements, ten steps and an epoch each, and its end. */
export function run(length: number, at: (i: number) => Partial<Statistics>, epoch?: (i: number) => { readonly loss?: number; readonly validation?: number | null }, regularised: boolean | null = null): Seen[] {
  const events: Seen[] = [{ event: 'run-start', step: 0, epoch: 0, data: { epochs: length, regularised } }];
  for (let i = 0; i < length; i += 1) {
    const place = { step: 10 * (i + 1), epoch: i + 1 };
    const data = statistics(at(i));
    const { loss = data.loss, validation = null } = epoch?.(i) ?? {};
    events.push({ event: 'training-statistics', ...place, data }, { event: 'epoch-end', ...place, data: { metrics: { loss }, validation: validation === null ? null : { loss: validation } } });
  }
  return [...events, { event: 'run-end', step: 10 * length, epoch: length, data: { reason: 'completed' } }];
}
