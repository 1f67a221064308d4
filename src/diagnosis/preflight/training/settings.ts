import { quantile } from 'simple-statistics';
import { digits, finding, percent, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import type { OptimizerConfig } from '../../../trainer/optimizer/index.js';
import { invertedClassWeights } from './class-weights.js';
import { atRateOnFresh, blindOnFresh, ownOnFresh, ownRate, plannedSteps, trainOnFresh, whyNot } from './learning.js';
import { once } from './memo.js';
import { gain, levelOf, penaltyOf, reached, startOf, type Run } from './run.js';

/** Share of the fall of the loss without a setting, under which the setting holds training up. */
const heldUp = 0.3;
/** A fall of the loss that a comparison can rest on, as a share of the loss. */
const meaningful = 0.2;
const fell = (run: Run): boolean => gain(run) > meaningful * Math.abs(startOf(run));

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
/** The user's optimizer as plain options, where it was given by name: then one thing in it can be changed. */
function plainConfig(lab: Lab): Readonly<Record<string, unknown>> | undefined {
  const { optimizer = { name: 'adam', learningRate: 0.001 } } = lab.experiment;
  if (typeof optimizer === 'string') return { name: optimizer.toLowerCase() };
  return 'applyGradients' in optimizer ? undefined : { ...optimizer, name: optimizer.name.toLowerCase() };
}

/** The same training with some options of the optimizer changed. */
async function changed(lab: Lab, change: Readonly<Record<string, unknown>>): Promise<Run | undefined> {
  const config = plainConfig(lab);
  if (config === undefined) return undefined;
  return once(lab, `changed/${JSON.stringify(change)}`, () => trainOnFresh(lab, { spec: { ...config, ...change } as OptimizerConfig, rate: ownRate(lab) }));
}

const decayOf = (lab: Lab): { readonly rate: number; readonly mode: string } | undefined => {
  const decay = lab.experiment.weightDecay ?? plainConfig(lab)?.['weightDecay'] ?? (plainConfig(lab)?.['name'] === 'adamw' ? 0.01 : undefined);
  if (typeof decay === 'number') return { rate: decay, mode: 'decoupled' };
  const { rate, mode = 'decoupled' } = (decay ?? {}) as { rate?: number; mode?: string };
  return rate === undefined ? undefined : { rate, mode };
};

async function decayFinding(lab: Lab, own: Run): Promise<Finding | undefined> {
  const decay = decayOf(lab);
  if (decay === undefined || decay.rate === 0) return undefined;
  const without = await changed(lab, { weightDecay: 0 });
  if (without === undefined || !fell(without)) return undefined;
  // To learn what labels are like without looking at inputs is soon done from any start, and weights near 0 are enough for that.
  const blind = gain(own) < heldUp * gain(without) || levelOf(without) > levelOf(own) ? undefined : levelOf(await blindOnFresh(lab));
  const learnsNothing = blind !== undefined && blind - levelOf(without) > meaningful * Math.abs(blind) && blind - levelOf(own) < heldUp * (blind - levelOf(without));
  if (!learnsNothing && !(gain(own) < heldUp * gain(without))) return undefined;
  return finding({
    rule: 'weight-decay-too-strong',
    severity: 'error',
    message: learnsNothing
      ? `with the weight decay of ${digits(decay.rate)} the loss comes to ${digits(levelOf(own))} in ${String(own.losses.length)} steps, as without any inputs (${digits(blind)}), and without the decay to ${digits(levelOf(without))}`
      : `with the weight decay of ${digits(decay.rate)} the loss falls by ${digits(Math.max(0, gain(own)))} in ${String(own.losses.length)} steps, and without it by ${digits(gain(without))}`,
    evidence: { decay: decay.rate, mode: decay.mode, learningRate: ownRate(lab), shrinkPerStep: ownRate(lab) * decay.rate, with: gain(own), without: gain(without), levels: { with: levelOf(own), without: levelOf(without), blind: blind ?? null } },
    remedy: `Set the weight decay to ${digits(Math.min(0.01, decay.rate / 100))} or less: each step takes ${percent(ownRate(lab) * decay.rate)} off every weight.`,
  });
}

async function penaltyFinding(lab: Lab, own: Run): Promise<Finding | undefined> {
  const penalty = await penaltyOf(lab);
  // The penalties outweigh what there is to learn, fall, and the loss does not.
  if (!(penalty > Math.abs(startOf(own))) || !(own.penaltyAfter < 0.5 * penalty) || fell(own)) return undefined;
  return finding({
    rule: 'weight-decay-too-strong',
    severity: 'warning',
    message: `regularisation makes ${digits(penalty)} of a loss of ${digits(penalty + startOf(own))}: ${String(own.losses.length)} steps took it to ${digits(own.penaltyAfter)}, and the loss without it from ${digits(startOf(own))} to ${digits(reached(own))}`,
    evidence: { penalty, loss: startOf(own), penaltyAfter: own.penaltyAfter, end: reached(own) },
    remedy: `Make the regularisation weaker, by a factor of about ${digits((100 * penalty) / Math.abs(startOf(own)))}, so that it starts at about 1% of the loss.`,
  });
}

/** Clipping changes the direction of nothing but the length of all: that it holds training up shows with a larger rate. */
async function clipFinding(lab: Lab, own: Run): Promise<Finding | undefined> {
  const { clip } = lab.experiment;
  if (clip === undefined) return undefined;
  const limit = Object.values(clip)[0] as number;
  const norms = own.norms.filter(Number.isFinite);
  if (norms.length < 5) return undefined;
  const [low, middle] = [quantile(norms, 0.05), quantile(norms, 0.5)];
  // A limit of each entry holds the whole to its root of entries at most.
  const entries = lab.model.weights().reduce((sum, { info }) => sum + (info.trainable ? info.size : 0), 0);
  const whole = 'value' in clip ? limit * Math.sqrt(entries) : limit;
  const factor = low / whole;
  if (!(factor > 100)) return undefined;
  const larger = await atRateOnFresh(lab, Math.min(ownRate(lab) * (middle / whole), 1e12));
  const holds = fell(larger) && gain(own) < heldUp * gain(larger);
  return finding({
    rule: 'clipping-too-tight',
    severity: holds ? 'warning' : 'info',
    message: `gradients are clipped to ${digits(limit)} and have a norm of ${digits(middle)}: 95% of steps are cut by more than a factor of ${digits(factor)}`,
    evidence: { clip, norms: { p05: low, median: middle, p95: quantile(norms, 0.95) }, own: gain(own), unclipped: gain(larger) },
    remedy: `Set the limit to about ${digits(quantile(norms, 0.95))}, so that it cuts the largest gradients alone.`,
  });
}

/** Options of the optimizer that stand out are held against the same training with these: the schemas' defaults. */
const usual = { epsilon: 1e-7, beta1: 0.9, beta2: 0.999, momentum: 0, rho: 0.9, initialAccumulator: 0.1 } as const;
/** Options within these are in common use, and not looked at. */
const common: Readonly<Record<keyof typeof usual, readonly [number, number]>> = { epsilon: [0, 1e-2], beta1: [0, 0.96], beta2: [0.8, 0.99999], momentum: [0, 0.98], rho: [0.5, 0.9999], initialAccumulator: [0, 10] };

async function optionFinding(lab: Lab, own: Run): Promise<Finding | undefined> {
  const config = plainConfig(lab);
  const odd = (Object.keys(usual) as (keyof typeof usual)[]).filter((option) => {
    const value = numberOf(config?.[option]);
    return value !== undefined && !(value >= common[option][0] && value <= common[option][1]);
  });
  if (odd.length === 0) return undefined;
  const change = Object.fromEntries(odd.map((option) => [option, usual[option]]));
  const other = await changed(lab, change);
  if (other === undefined) return undefined;
  const late = tooSlow(lab, config, odd);
  const given = odd.map((option) => `${option} ${String(config?.[option])}`).join(' and ');
  const instead = odd.map((option) => `${option} ${String(usual[option])}`).join(' and ');
  return finding({
    rule: 'optimizer-settings',
    severity: late !== undefined || (fell(other) && gain(own) < heldUp * gain(other)) ? 'warning' : 'info',
    message:
      late === undefined
        ? `with ${given} of the optimizer the loss falls by ${digits(Math.max(0, gain(own)))} in ${String(own.losses.length)} steps, and by ${digits(Math.max(0, gain(other)))} with ${instead}`
        : `with ${late.option} ${String(config?.[late.option])} a gradient goes on for ${digits(late.steps)} steps, and the training has ${String(late.planned)}: updates follow gradients of weights that are long gone`,
    evidence: { timeConstant: late?.steps ?? null, plannedSteps: plannedSteps(lab) ?? null, given: Object.fromEntries(odd.map((option) => [option, config?.[option]])), usual: change, own: gain(own), other: gain(other) },
    remedy: late === undefined ? `Set ${instead}.` : `Set ${late.option} 0.9, and keep 1 / (1 - ${late.option}) well below a tenth of the steps.`,
  });
}

/** Share of the planned steps that the memory of the momentum may take: with a third, a run sees three independent means at most. */
const longestMemory = 1 / 3;

/** The momentum that remembers for too much of the training: g goes on with weights m^k, 1 / (1 - m) steps in the mean. */
function tooSlow(lab: Lab, config: Readonly<Record<string, unknown>> | undefined, odd: readonly string[]): { readonly option: string; readonly steps: number; readonly planned: number } | undefined {
  const planned = plannedSteps(lab);
  const option = ['momentum', 'beta1'].find((each) => odd.includes(each));
  const value = option === undefined ? undefined : numberOf(config?.[option]);
  if (planned === undefined || option === undefined || value === undefined || value >= 1) return undefined;
  const steps = 1 / (1 - value);
  return steps > longestMemory * planned ? { option, steps: Number(steps.toPrecision(6)), planned } : undefined;
}

/** Updates of a whole training that hardly any method of first order comes far with: chosen here. */
const fewestUpdates = 10;

/** What needs no training to see. */
function plain(lab: Lab): readonly Finding[] {
  const findings: Finding[] = [];
  const { total } = lab.training;
  const normalized = lab.model.layers().filter(({ className }) => className === 'BatchNormalization');
  if (lab.batchSize === 1 && normalized[0] !== undefined && (lab.training.inputs[0]?.shape.length ?? 0) <= 2) {
    findings.push(
      finding({
        rule: 'batch-too-small-for-batchnorm',
        severity: 'warning',
        where: { layer: normalized[0].name },
        message: `batches have 1 sample, and "${normalized[0].name}" takes mean and variance over the batch: all that it lets through is 0`,
        evidence: { batchSize: 1, layers: normalized.map(({ name }) => name) },
        remedy: 'Train with batches of 16 or more, or use layerNormalization.',
      }),
    );
  }
  if (total !== undefined && lab.batchSize > total) {
    findings.push(finding({ rule: 'batch-larger-than-data', severity: 'info', message: `batches are to have ${String(lab.batchSize)} samples, and there are ${String(total)}`, evidence: { batchSize: lab.batchSize, samples: total }, remedy: `Each epoch is one step: take batches of ${String(Math.max(1, Math.ceil(total / 10)))} for ten.` }));
  }
  const perEpoch = lab.experiment.fit?.stepsPerEpoch ?? (total === undefined ? undefined : Math.ceil(total / lab.batchSize));
  const accumulate = lab.experiment.accumulateSteps ?? 1;
  if (perEpoch !== undefined && accumulate > perEpoch) {
    // An epoch's last batches make an update, however few they are: one an epoch.
    const { epochs } = lab;
    const isKnown = lab.experiment.fit?.epochs !== undefined;
    findings.push(
      finding({
        rule: 'accumulates-over-epochs',
        severity: perEpoch > 1 && isKnown && epochs <= fewestUpdates ? 'warning' : 'info',
        message: `gradients of ${String(accumulate)} batches make an update, and an epoch has ${String(perEpoch)}${isKnown ? `: the whole training makes ${String(epochs)} ${epochs === 1 ? 'update' : 'updates'}` : ''}`,
        evidence: { accumulateSteps: accumulate, stepsPerEpoch: perEpoch, updates: isKnown ? epochs : null },
        remedy: `Set accumulateSteps to ${String(Math.max(1, Math.floor(perEpoch / 4)))} or less.`,
      }),
    );
  }
  return findings;
}

async function run(lab: Lab): Promise<CheckResult> {
  const findings = [...plain(lab), ...invertedClassWeights(lab)];
  const reason = await whyNot(lab);
  const measured = { optimizer: plainConfig(lab) ?? null, batchSize: lab.batchSize, plannedSteps: plannedSteps(lab) ?? null, weightDecay: decayOf(lab) ?? null, clip: lab.experiment.clip ?? null };
  if (reason !== undefined) return { ...nothing, findings, measured, cannotTell: reason };
  const own = await ownOnFresh(lab);
  const found = [await decayFinding(lab, own), await penaltyFinding(lab, own), await clipFinding(lab, own), await optionFinding(lab, own)];
  findings.push(...found.filter((each) => each !== undefined));
  return { findings, measured: { ...measured, norms: own.norms.map((norm) => Number(norm.toPrecision(3))) } };
}

/** Weighs settings of the optimizer against the same training without them. */
export const optimizerSettings: Check = { name: 'optimizer-settings', stage: 'training', summary: 'Holds weight decay, clipping and unusual options of the optimizer against a short training without each.', run };
