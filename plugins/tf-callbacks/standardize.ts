import { Callback, CustomCallback, type CustomCallbackArgs } from '@tensorflow/tfjs-layers';
import { z } from 'zod';

/** An instance, by what all of them have: of another copy of tfjs-layers too. */
export interface TfCallbackInstance {
  setParams(params: never): void;
  setModel(model: never): void;
}
/** What model.fit takes as a callback: an instance, or a plain object of functions. */
export type TfCallback = TfCallbackInstance | CustomCallbackArgs;

/** tfjs-layers' own names for what a plain object may hold (CustomCallbackArgs); it passes over all others without a word. */
const functionNames = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onBatchBegin', 'onBatchEnd', 'onYield', 'nowFunc', 'nextFrameFunc'] as const;

const isFunction = z.custom<(...given: never[]) => unknown>((value) => typeof value === 'function', 'it takes a function');
/** Strict, so that a mistyped name, or a callback put where functions are to be, is told. */
const plainSchema = z.strictObject(Object.fromEntries(functionNames.map((name) => [name, isFunction.optional()])));

const isInstance = (value: unknown): value is Callback =>
  typeof value === 'object' && value !== null && 'setParams' in value && typeof value.setParams === 'function' && 'onEpochEnd' in value && typeof value.onEpochEnd === 'function';

/** What is wrong with one callback, each problem with its path in it. */
function problemsIn(value: unknown): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (isInstance(value)) return [];
  if (typeof value !== 'object' || value === null) return [{ path: [], message: 'it takes an instance of tf.Callback, or an object of functions such as { onEpochEnd }' }];
  const result = plainSchema.safeParse(value);
  if (!result.success) {
    return result.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? { path: [], message: `${issue.keys.map((key) => `"${key}"`).join(', ')} is nothing that TensorFlow.js calls; it calls ${functionNames.join(', ')}` }
        : { path: issue.path, message: issue.message },
    );
  }
  return Object.values(result.data).some((each) => each !== undefined) ? [] : [{ path: [], message: `it holds none of the functions ${functionNames.join(', ')}` }];
}

/** One, or a list of some. No JSON is right: they are functions. */
export const callbacksSchema = z.custom<TfCallback | readonly TfCallback[]>(() => true).meta({ not: {} }).transform((given, context): readonly TfCallback[] => {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) context.addIssue({ code: 'custom', message: 'it takes at least one callback' });
  list.forEach((callback, i) => {
    for (const { path, message } of problemsIn(callback)) context.addIssue({ code: 'custom', path: [...(Array.isArray(given) ? [i] : []), ...path], message });
  });
  return list as readonly TfCallback[];
});

/** One callback as the plugin calls it. */
export interface Standing {
  readonly callback: Callback | CustomCallback;
  /** For messages: place and class. */
  readonly label: string;
  /** Whether anything is done at the end of a batch: only then is every step read. */
  readonly hearsBatchEnds: boolean;
  readonly hearsBatchBegins: boolean;
}

/** Whether an instance has a method of its own in place of the base's, which does nothing. */
const overrides = (callback: Callback, method: 'onBatchBegin' | 'onBatchEnd'): boolean => {
  if (callback instanceof CustomCallback) {
    // It keeps what it was given under these names.
    const { batchBegin, batchEnd, yield: yields } = callback as unknown as Readonly<Record<string, unknown>>;
    return method === 'onBatchBegin' ? batchBegin != null : batchEnd != null || yields != null;
  }
  return callback[method] !== Callback.prototype[method];
};

/** Plain objects become instances, one by one: model.fit looks at the first of an array alone, and takes no mixture. */
export const standardize = (callbacks: readonly TfCallback[], yieldEvery: ConstructorParameters<typeof CustomCallback>[1]): readonly Standing[] =>
  callbacks.map((given, i) => {
    const callback = isInstance(given) ? given : new CustomCallback(given as CustomCallbackArgs, yieldEvery);
    const kind = isInstance(given) ? given.constructor.name : 'plain object';
    return { callback, label: `callbacks[${String(i)}] (${kind})`, hearsBatchEnds: overrides(callback as Callback, 'onBatchEnd'), hearsBatchBegins: overrides(callback as Callback, 'onBatchBegin') };
  });
