/** What the process ends with. */
export const exitCodes = {
  /** Nothing was found. */
  fine: 0,
  /** Something was found that is as grave as --fail-on says, or graver. */
  found: 1,
  /** The command could not be done: wrong arguments, a script that throws, no training in it. */
  failed: 2,
} as const;
