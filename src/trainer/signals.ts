/** The signals that ask a process to end: Ctrl-C, and what service managers and batch systems send. */
const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Hears the first signal, and leaves the second one to Node.js, which ends the process with it at once. In a worker
 * thread, which hears no signals, nothing happens.
 * @returns what takes the listeners away
 */
export function onSignals(first: (message: string) => void): () => void {
  const listeners = signals.map((signal) => {
    const hear = (): void => {
      remove();
      first(`${signal} was received`);
    };
    process.on(signal, hear);
    return { signal, hear };
  });
  const remove = (): void => {
    for (const { signal, hear } of listeners) process.off(signal, hear);
  };
  return remove;
}
