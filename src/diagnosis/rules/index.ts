/** Rules over the events of a run. */
export { emptyHistory, historySchema, remember, type History } from './history.js';
export type { Rule, Seen } from './rule.js';
export { trainingStatistics, type Statistics } from './statistics.js';
export { emptyWatch, rules, ruleNames, see, watchSchema, type Watch } from './watch.js';
