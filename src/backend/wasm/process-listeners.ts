const kinds = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `start` and takes away the process-wide handlers that it installed. Emscripten's module adds one for uncaught
 * exceptions and one for unhandled rejections that throw again from inside the module: every later crash of the user's
 * program would print the module's 60,000 characters instead of where it happened. Nothing of the module needs them.
 */
export async function withoutNewProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const before = kinds.map((kind) => new Set<unknown>(process.listeners(kind as 'uncaughtException')));
  try {
    return await start();
  } finally {
    kinds.forEach((kind, i) => {
      for (const listener of process.listeners(kind as 'uncaughtException')) {
        if (before[i]?.has(listener) !== true) process.removeListener(kind, listener);
      }
    });
  }
}
