import type { ChildProcess } from 'node:child_process';

/**
 * Ends children when this process ends. Importing it installs nothing: handlers exist while a child is guarded.
 *
 * What it does not reach (SIGKILL, a crash of the runtime) closes the child's stdout, and its next write there ends it.
 *
 * Not the package signal-exit, which patches process.emit and process.reallyExit: three listeners are all that is needed.
 */
const guarded = new Set<ChildProcess>();

/** Those that end a Node process by default and that a person or a scheduler sends: Ctrl-C, kill, a closed terminal. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs on a normal end, process.exit() and an uncaught error alike. SIGKILL, since nothing can be waited for and a query has nothing to save. */
function killAll(): void {
  // One that did not start has no number, and Node would signal another process in its place.
  for (const child of guarded) if (child.pid !== undefined) child.kill('SIGKILL');
}

/**
 * A listener takes away a signal's default, which is to end the process, so this one gives it back: it removes
 * itself, and when no other listener is left it ends the children and sends the signal again. With another
 * listener there, the program has its own plan (it may save a checkpoint first), and the fit's teardown or the process's
 * end follows. Two listeners that both act like this give way to each other, and the last one sends the signal.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  if (process.listenerCount(signal) > 0) return;
  killAll();
  process.kill(process.pid, signal);
}

/** @returns what takes the child out of the guard; the last one out removes the handlers. */
export function guard(child: ChildProcess): () => void {
  guarded.add(child);
  if (!process.listeners('exit').includes(killAll)) process.on('exit', killAll);
  for (const signal of signals) {
    // First in the row: a `once` listener of the program's that has run is not counted any more.
    if (!process.listeners(signal).includes(onSignal)) process.prependListener(signal, onSignal);
  }
  return () => {
    if (!guarded.delete(child) || guarded.size > 0) return;
    process.off('exit', killAll);
    for (const signal of signals) process.off(signal, onSignal);
  };
}
