import type { Finding } from 'trainscope/diagnosis';

/** 0 for an error, 1 for a warning, 2 for an info, which is no alarm. */
export const gravityOf = ({ severity }: Pick<Finding, 'severity'>): number => ({ error: 0, warning: 1, info: 2 })[severity];
