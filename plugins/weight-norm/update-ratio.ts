import type { FindingInput, WeightInfo } from 'trainscope/plugin';
import { digits } from '../shared/digits.js';
import { medianInPlace } from '../shared/median-in-place.js';
import { placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import type { NamesVerdict } from './frozen.js';
import type { Reading } from './reading.js';

/** A ratio has come back when it is this many times inside the bound. */
const margin = 2;

/** A weight with its usual update ratio: the median of a window, or, where nothing is to be said of it, another of the window. */
export interface UsualRatio {
  readonly info: WeightInfo;
  readonly ratio: number;
}

export function usualRatios(state: State, { weights }: Reading, { window, lowestRatio, highestRatio }: Options): readonly UsualRatio[] {
  const isCalm = (ratio: number): boolean => ratio >= lowestRatio * margin && ratio <= highestRatio / margin;
  return weights.flatMap(({ info }) => {
    const ratios = state.ratios[info.name] ?? [];
    if (ratios.length < window) return [];
    // Where all are well within the bounds, so is their median, and any of them will do.
    return [{ info, ratio: ratios.every(isCalm) ? (ratios.at(-1) ?? NaN) : medianInPlace(ratios.slice()) }];
  });
}

/** Kernels whose usual update is far too small or too large beside the weight itself: worth knowing, and never more. */
export function judgeUpdateRatio(side: 'low' | 'high', state: State, usual: readonly UsualRatio[], { window, lowestRatio, highestRatio }: Options): NamesVerdict {
  const bound = side === 'low' ? lowestRatio : highestRatio;
  // A median of 0 is told as an unchanged weight.
  const outside = (ratio: number, at: number): boolean => (side === 'low' ? ratio > 0 && ratio < at : ratio > at);
  const told = usual.filter(({ info, ratio }) => state.told[side].includes(info.name) && outside(ratio, side === 'low' ? bound * margin : bound / margin)).map(({ info }) => info.name);
  const news = usual.filter(({ info, ratio }) => outside(ratio, bound) && !told.includes(info.name));
  const [first] = news;
  if (first === undefined) return { told, findings: [] };
  const names = news.map(({ info }) => info.name);
  const finding: FindingInput = {
    rule: 'update-ratio',
    severity: 'info',
    message: `updates of ${news.length === 1 ? first.info.name : `${news.length} kernels (${names.join(', ')})`} are usually ${digits(first.ratio)} times the weight, ${side === 'low' ? 'below' : 'above'} ${digits(bound)}; about 0.001 is common`,
    where: placeOf(first.info),
    evidence: { ratios: Object.fromEntries(news.map(({ info, ratio }) => [info.name, ratio])), bound, measurements: window },
    remedy: side === 'low' ? 'Raise the learning rate if the loss is still to fall; at the end of a schedule this is as it should be.' : 'Lower the learning rate.',
    docs: 'rules/update-ratio.md',
  };
  return { told: [...told, ...names], findings: [finding] };
}
