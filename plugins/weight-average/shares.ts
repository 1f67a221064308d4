/** How far the average moves towards the weights at the n-th time that it is updated, n from 1: 0 stays, 1 takes the weights. */
export type Share = (n: number) => number;

/** The mean of all that came: the n-th has the share 1/n (Izmailov et al. 2018, algorithm 1). */
export const equalShares: Share = (n) => 1 / n;

/**
 * An exponential moving average as Keras' and PyTorch's: it begins with the first weights that come, whose share then
 * falls as decay^(n-1) and not as that of the others.
 * @param decay From 0 to below 1.
 */
export const fixedShares =
  (decay: number): Share =>
  (n) =>
    n === 1 ? 1 : 1 - decay;

/**
 * One in which the weights of i updates ago have a share in proportion to decay^i, the first ones too: an average that
 * begins at 0 and is divided by 1 - decay^n, as Adam's moments are (Kingma & Ba 2015, section 3), is one that moves by
 * (1 - decay) / (1 - decay^n).
 */
export const debiasedShares =
  (decay: number): Share =>
  (n) =>
    (1 - decay) / (1 - decay ** n);
