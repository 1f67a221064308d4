import { digits, finding, type Finding } from '../finding.js';
import type { EpochRecord, History } from './history.js';
import { rule } from './rule.js';
import { optimismOf } from './selection.js';
import { medianOf } from './trend.js';

interface Validated extends EpochRecord {
  readonly loss: number;
  readonly validation: number;
}

const validated = ({ epochs }: History): readonly Validated[] => epochs.flatMap((each) => (each.loss === null || each.validation === null ? [] : [{ ...each, loss: each.loss, validation: each.validation }]));

/** Epochs past the best before a turn is told, and a fifth of the run: early stopping with this patience is usual. */
const patience = 5;

/**
 * The validation loss has turned up while the training loss falls on. An info from a tenth above its best: healthy
 * runs of bench/calibration come to 2.5 times the best, for a classifier that gets surer pays for each mistake. A warning
 * when validation is worse than the untrained model was (healthy ones came to that with 1.9 times the best), and
 * training has fallen by a third since the best epoch; or when it has lost a quarter of its gain (half, of a classifier), at 2.5 times the best,
 * for a third of the run (healthy runs of test/faults: for 6% at most).
 */
function turned(history: History): readonly Finding[] {
  const all = validated(history);
  const best = all.reduce<Validated | undefined>((a, b) => (a === undefined || b.validation < a.validation ? b : a), undefined);
  const last = all.at(-1);
  if (best === undefined || last === undefined || best.validation <= 0) return [];
  const since = all.filter(({ epoch }) => epoch > best.epoch);
  if (last.epoch - best.epoch < Math.max(patience, last.epoch / 5) || since.length < 3) return [];
  const newest = since.slice(-3);
  const now = medianOf(newest.map(({ validation }) => validation));
  const training = medianOf(newest.map(({ loss }) => loss));
  const rise = now / best.validation;
  // Below the training loss, or as it: no gap, and so nothing learned by heart.
  if (rise < 1.1 || training >= best.loss || now <= training) return [];
  // Before the first update the model knew nothing. Where validation is worse than that, all that was gained is lost.
  const start = startOf(history, all);
  const lostAt = (validation: number): number => (validation - best.validation) / Math.max(start - best.validation, 1e-12);
  const lost = lostAt(now);
  // Where the best is close to the start, nothing carried over at any time; else it takes more than what a sure classifier pays for a few mistakes.
  const carried = best.validation < 0.8 * start;
  const falls = training <= 0.67 * best.loss && now >= 2 * training;
  const much = isClassifier(history) ? 0.5 : 0.25;
  const above = since.filter(({ validation }) => lostAt(validation) > much && validation >= 2.5 * best.validation).length;
  const lasting = lost > much && rise >= 2.5 && above >= Math.max(patience, all.length / 3);
  const grave = falls && ((lost >= 1 && rise >= (carried ? 2.5 : 1.3)) || lasting);
  return [
    finding({
      rule: 'overfitting',
      severity: grave ? 'warning' : 'info',
      message: `the validation loss was best in epoch ${best.epoch} (${digits(best.validation)}) and is ${digits(now)} by epoch ${last.epoch}, while the training loss fell from ${digits(best.loss)} to ${digits(training)}`,
      evidence: { bestEpoch: best.epoch, epoch: last.epoch, bestValidation: best.validation, validation: now, rise, lost, start, training, trainingAtBest: best.loss },
      remedy: `Stop at epoch ${best.epoch} and take its weights (earlyStopping with restoreBestWeights); add dropout or weight decay, a smaller model, or more data.`,
    }),
  ];
}

/** Its loss grows with being sure, by what a few mistakes cost. */
const isClassifier = ({ latest }: History): boolean => (latest?.outputs ?? []).some(({ classes }) => classes !== null);

/** Before the first update; of a log without that, of the first epoch. */
const startOf = ({ firstLosses }: History, all: readonly Validated[]): number => medianOf(firstLosses.length > 0 ? firstLosses.slice(0, 3) : all.slice(0, 1).map(({ loss }) => loss));

/** Training losses of a hundredth of the validation loss: healthy runs of test/faults came to 24 times, nets that learn 60 samples by heart to 1000 and more. */
const heartGap = 100;
/** Of the loss of the untrained model. Errors of numbers do not grow with being sure. */
const notLearned = 0.1;

/** Training has nothing left to learn, and a part of the validation loss that counts was never learned: samples are known by heart. */
function byHeart(history: History): readonly Finding[] {
  const all = validated(history);
  // A sure classifier pays much for a few mistakes: an embedding that knows its samples by heart, and others well enough, comes to 0.8 of the start (bench/calibration).
  if (isClassifier(history)) return [];
  const late = all.slice(-Math.max(patience, Math.ceil(all.length / 3)));
  const [start = NaN] = history.firstLosses;
  if (all.length < 2 * patience || !late.every(({ loss, validation }) => loss > 0 && validation > heartGap * loss && validation >= notLearned * start)) return [];
  const best = all.reduce((a, b) => (b.validation < a.validation ? b : a));
  const validation = medianOf(late.slice(-3).map((each) => each.validation));
  const training = medianOf(late.slice(-3).map(({ loss }) => loss));
  return [
    finding({
      rule: 'overfitting',
      severity: 'warning',
      message: `the training loss is ${digits(training)} and the validation loss ${digits(validation)}, ${digits(validation / start)} of that of the untrained model, in ${late.length} epochs in a row: the training samples are known by heart`,
      evidence: { bestEpoch: best.epoch, epoch: all.at(-1)?.epoch ?? null, bestValidation: best.validation, validation, training, gap: validation / training, start, epochs: late.length },
      remedy: `All that is left is variance: more samples or augmentation, weight decay, dropout or a smaller model. Nothing is gained after about epoch ${best.epoch}.`,
    }),
  ];
}

export const overfitting = rule('overfitting', ['epoch-end', 'run-end'], (history, { event }) => {
  const found = turned(history);
  // What carries over may still come, as long as it trains.
  return event !== 'run-end' || found.some(({ severity }) => severity === 'warning') ? found : [...byHeart(history), ...found].slice(0, 1);
});

/**
 * Half of the training loss or less, in three epochs in a row. The mean of an epoch is of weights older than those
 * that are validated, so each validation is held against the training of the next epoch, which began from its weights.
 */
export const validationBetter = rule('validation-better-than-training', ['run-end'], (history) => {
  const all = validated(history);
  const pairs = all.slice(0, -1).flatMap(({ epoch, validation }, i) => {
    const next = all[i + 1];
    return next?.epoch === epoch + 1 && next.loss > 0 && validation > 0 ? [{ validation, training: next.loss, ratio: validation / next.loss }] : [];
  });
  const newest = pairs.slice(-3);
  if (newest.length < 3 || newest.some(({ ratio }) => ratio >= 0.5)) return [];
  const ratio = medianOf(newest.map((each) => each.ratio));
  // Dropout, noise and penalties are in the training loss alone. Near 0 a few samples make the ratio.
  const first = all[0]?.loss ?? NaN;
  const level = medianOf(newest.map(({ validation }) => validation));
  // A few outliers among the labels raise the mean of the training alone, and not what is usual for a batch.
  const matters = medianOf(newest.map(({ training }) => training)) > 0.1 * first && level < 0.3 * medianOf(history.recentLosses);
  return [
    finding({
      rule: 'validation-better-than-training',
      severity: history.regularised === false && ratio < 0.3 && matters ? 'warning' : 'info',
      message: `the validation loss is ${digits(ratio)} times the training loss in ${newest.length} epochs in a row`,
      evidence: { ratio, validation: newest.at(-1)?.validation ?? null, training: newest.at(-1)?.training ?? null, regularised: history.regularised },
      remedy: 'See whether validation samples are among the training data, whether the validation set is small or easier, and whether both are scaled in the same way. Dropout, noise and penalties raise the training loss alone, and are no fault.',
    }),
  ];
});

/** Luck of less than this of the loss is within what models of one kind differ by. */
const worthAWord = 0.05;

/** The best of many validation losses is partly luck: the more of them are alike, the more. */
export const validationOverfitting = rule('validation-overfitting', ['run-end'], (history) => {
  const found = optimismOf(history);
  if (found === null || found.choices < 10 || !(found.optimism > worthAWord * Math.abs(found.best))) return [];
  const { optimism, choices, noise, best, bestEpoch } = found;
  return [
    finding({
      rule: 'validation-overfitting',
      severity: 'info',
      message: `the best validation loss (${digits(best)} in epoch ${bestEpoch}) is the lowest of ${choices} that differ by noise of ${digits(noise)} alone: about ${digits(optimism)} of it is luck`,
      evidence: { best, bestEpoch, choices, noise, optimism, unbiased: best + optimism },
      remedy: `Expect a loss of about ${digits(best + optimism)} on other data. Choose by a mean over several epochs, validate on more samples, and report the loss on test data that nothing was chosen by.`,
    }),
  ];
});
