import { digits, finding, percent } from '../finding.js';
import { getsOn, learned, learnsWell } from './course.js';
import type { History } from './history.js';
import { rule } from './rule.js';
import type { LayerStatistics } from './statistics.js';

/** Measurements in a row. */
const patience = 5;
/** AUTOTRAINER takes 70% of zero gradients for dying ReLU; SageMaker's DeadRelu half of the units. The stricter. */
const mostUnits = 0.7;
/** A unit that fires for one row in ten is silent for 32 rows with probability 0.9^32 = 3%. */
const fewestRows = 32;

/** A layer whose zeros come from cutting at 0: by name, or, for a tap or a custom layer, by values that are never negative. */
const cutsAtZero = ({ activation, className, min, zeros, isOutput }: LayerStatistics): boolean =>
  activation === 'relu' || activation === 'relu6' || className === 'ReLU' || (className === null && activation === null && !isOutput && min >= 0 && zeros > 0);

/** Layers of which most units are dead by now, with the share, and that at the first measurement, before any update. */
export const deadLayers = (history: History): readonly { readonly layer: string; readonly share: number; readonly atStart: number; readonly rows: number }[] =>
  Object.entries(history.latest?.layers ?? {}).flatMap(([layer, now]) => {
    const { dead = [], deadAtStart = 0 } = history.layers[layer] ?? {};
    const newest = dead.slice(-patience);
    if (newest.length < patience || !cutsAtZero(now)) return [];
    const share = Math.min(...newest);
    // That every unit is silent in each of them needs no more rows than all batches have together.
    const rows = share === 1 ? patience * now.rows : now.rows;
    return share < mostUnits || rows < fewestRows ? [] : [{ layer, share, atStart: deadAtStart, rows: now.rows }];
  });

/** One finding, for the first of them: what is silent there leaves nothing for the layers behind it. */
export const deadUnits = rule('dead-units', ['training-statistics'], (history) => {
  const dead = deadLayers(history);
  return dead.slice(0, 1).flatMap(({ layer, share, atStart, rows }) => {
    const all = share === 1;
    return [
      finding({
        rule: 'dead-units',
        // With units to spare a network learns well on the rest of them. A layer that is silent as a whole lets nothing through.
        severity: all && noGradient(history) && !learnsWell(history) ? 'error' : getsOn(history) ? 'info' : 'warning',
        message: `${all ? 'all' : `${percent(share)} of the`} units of ${layer} give 0 for every sample of ${patience} measured batches in a row`,
        where: { layer },
        evidence: { layers: Object.fromEntries(dead.map((each) => [each.layer, each.share])), share, atStart, rows, measurements: patience, association: learned(history)?.mean ?? null, learningRate: history.learningRate },
        remedy:
          atStart >= mostUnits
            ? `They were dead before the first update: start ${layer} with heNormal and a bias of 0, and scale what comes in to zero mean and unit variance.`
            : `Lower the learning rate${history.learningRate === null ? '' : ` to ${digits(history.learningRate / 10)}`}, start ${layer} with heNormal and a bias of 0, or use a leaky relu there.`,
      }),
    ];
  });
});

const noGradient = ({ latest }: History): boolean => latest !== null && Object.values(latest.weights).some(({ isKernel, trainable, gradientNorm }) => isKernel && trainable && gradientNorm === 0);

/** Four in five entries where the derivative is below a hundredth of its largest: TheDeepChecker takes half of the units beyond 0.85. */
const mostEntries = 0.8;

export const saturatedActivations = rule('saturated-activations', ['training-statistics'], (history) =>
  Object.entries(history.latest?.layers ?? {}).flatMap(([layer, { isOutput, activation, rms, className }]) => {
    const saturated = (history.layers[layer]?.saturated ?? []).slice(-patience);
    // At the output, and in gates, saturation is what a sure model does.
    if (isOutput || saturated.length < patience || Math.min(...saturated) < mostEntries || (className !== null && !/^(Dense|Activation|Conv\w+|TimeDistributed)$/.test(className))) return [];
    const share = Math.min(...saturated);
    return [
      finding({
        rule: 'saturated-activations',
        severity: getsOn(history) || learned(history) === null ? 'info' : 'warning',
        message: `${percent(share)} of the outputs of ${layer} are where the ${String(activation)} is flat, in ${patience} measurements in a row`,
        where: { layer },
        evidence: { share, rms, activation, association: learned(history)?.mean ?? null },
        remedy: `Scale the inputs to unit variance, start the kernel of ${layer} with glorotUniform, or put a normalisation layer in front of the ${String(activation)}.`,
      }),
    ];
  }),
);
