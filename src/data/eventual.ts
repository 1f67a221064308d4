/** A value that is there now or will be: what lets one piece of code serve sources that answer at once and those that do not. */
export type Eventual<T> = T | Promise<T>;

/** Also of a thenable of any kind: what it has beside `then`, only Promise.resolve(value) makes sure of. */
export const isPromise = <T>(value: Eventual<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** What comes after a value: at once where the value is there, so that a chain of present values never waits for a microtask. */
export const after = <T, R>(value: Eventual<T>, next: (value: T) => Eventual<R>): Eventual<R> => (isPromise(value) ? Promise.resolve(value).then(next) : next(value));

/** Does something, and then the cleaning up in any case: after a throw, and after the promise where there is one. */
export function always<T>(action: () => Eventual<T>, cleanUp: () => void): Eventual<T> {
  let pending = false;
  try {
    const value = action();
    if (!isPromise(value)) return value;
    pending = true;
    return Promise.resolve(value).finally(cleanUp);
  } finally {
    if (!pending) cleanUp();
  }
}

/** Turns what is thrown, or rejected with, into a value. */
export function caught<T, E>(action: () => Eventual<T>, onError: (error: unknown) => E): Eventual<T | E> {
  try {
    const value = action();
    return isPromise(value) ? Promise.resolve(value).catch(onError) : value;
  } catch (error) {
    return onError(error);
  }
}
