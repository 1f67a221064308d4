/** Known by its symbol, not by import: a script may have another copy of this module than the command that loads it. */
const key = Symbol.for('trainscope.take-over');

type TakeOver = (experiment: unknown) => Promise<void>;

/** Calls what a command has put in the way of fits; undefined, and no turn of the event loop, where there is nothing. */
export function takeOver(experiment: unknown): Promise<void> | undefined {
  const handler = (globalThis as { [key]?: unknown })[key];
  return typeof handler === 'function' ? (handler as TakeOver)(experiment) : undefined;
}

/** From now on every fit of the process calls `handler` first, with options, data and settings as one value; undefined ends that. */
export function onFit(handler: TakeOver | undefined): void {
  (globalThis as { [key]?: unknown })[key] = handler;
}
