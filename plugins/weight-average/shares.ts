/** How far the average moves towards the weights at the n-th time that it is updated, n from 1: 0 stays, 1 takes the weights. */
export type Share = (n: number) => number;

/** The mean of all that came: the n-th has the share 1/n (Izmailov et al. 2018, algorithm 1). */
export const equalShares: Share = (n) => 1 / n;

/**
 * An exponential moving average that begins with the weights of the start, whose share falls as decay^n.
 * @param decay From 0 to below 1.
 */
export const fixedShares =
  (decay: number): Share =>
  () =>
    1 - decay;

/**
 * The same without the weights of the start: an average that begins at 0 and is divided by 1 - decay^n, as Adam's moments
 * are (Kingma & Ba 2015, section 3), is one that moves by (1 - decay) / (1 - decay^n). The first share is 1.
 */
export const debiasedShares =
  (decay: number): Share =>
  (n) =>
    (1 - decay) / (1 - decay ** n);
