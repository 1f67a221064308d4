/** What the process ends with. */
export const exitCodes = {
  /** Nothing was found, or nothing that --fail-on asks for. */
  fine: 0,
  /** Something was found that is as grave as --fail-on says, or graver. */
  found: 1,
  /** The command could not be done: wrong arguments, a script that throws, no training in it. */
  failed: 2,
  /** The training had begun and failed: an error in a step, in the data on the way, in a plugin that steers. */
  broke: 3,
} as const;

/** As shells have it for a process that a signal ended: 128 and the signal's number. */
export const signalCodes: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** As shells have it for SIGPIPE: who read the output has gone, as `head` does. */
export const closedPipeCode = 141;
