import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.js';
import { isThenable } from '../events/thenable.js';
import type { BoundPlugin, ErrorPolicy, Plugin, UntypedHook } from './define-plugin.js';
import { hookKinds, hookNames, type BatchData, type Gradients, type HookName, type HookPayloads, type LossParts, type ObserveHookName } from './hooks.js';

/** A plugin in its place in one trainer. */
export interface Attached {
  readonly plugin: Plugin<object>;
  readonly bound: BoundPlugin;
  /** The one context that all its hooks get. */
  readonly context: object;
  /** Milliseconds spent in each hook since the fit began. */
  readonly spent: Map<HookName, number>;
  /** Tensors that calls of its observing hooks left behind: how many calls grew, and the sum of all changes. */
  readonly tensors: { growths: number; net: number };
  /** Milliseconds of the call under way for which it held the training on purpose: they are not the plugin's. */
  held: number;
  disabled: boolean;
  failures: number;
}

export const attach = (plugin: Plugin<object>, context: object, bound: BoundPlugin = plugin.bind()): Attached => ({
  plugin,
  bound,
  context,
  spent: new Map(),
  tensors: { growths: 0, net: 0 },
  held: 0,
  disabled: false,
  failures: 0,
});

/** What a failed hook led to; `stop` makes the runner throw what `fail` returns. */
export interface FailureReport {
  readonly attached: Attached;
  readonly hook: HookName;
  readonly error: unknown;
  readonly policy: ErrorPolicy;
}

/** Waits for what a hook promised; by its rejection the waiting may end earlier than the promise. */
export type WaitForHook = <T>(promise: PromiseLike<T>, where: { readonly plugin: string; readonly hook: HookName }) => Promise<T>;

type Observe<H extends ObserveHookName> = (payload: HookPayloads[H]) => void | Promise<void>;

/** The compiled hooks: undefined where no plugin has the hook, so that an unused hook costs one comparison. */
export interface CompiledHooks {
  readonly observe: { readonly [H in ObserveHookName]?: Observe<H> };
  /** `each` is told every value that a hook returns, so that the loop can end those that a later hook replaces. */
  readonly batch: ((batch: BatchData, each: (made: BatchData) => void) => BatchData | Promise<BatchData>) | undefined;
  readonly loss: ((loss: tf.Scalar, parts: LossParts) => tf.Scalar) | undefined;
  readonly gradients: ((gradients: Gradients, each: (made: Gradients) => void) => Gradients | Promise<Gradients>) | undefined;
}

/** Options that do not go with the model or the data: told before training starts, and not by a plugin that is silent. */
const isWrongOption = (hook: HookName, error: unknown): error is ConfigError => (hook === 'setup' || hook === 'fitStart') && error instanceof ConfigError;

const liveTensors = (): number => tf.engine().state.numTensors;

/**
 * Calls the hooks: one compiled function a hook. It goes on synchronously until a hook returns a promise, times each
 * call, and applies the plugin's policy when one throws.
 */
export class HookRunner {
  #attached: readonly Attached[];
  #compiled: CompiledHooks;
  /** Kept beside what is compiled: the loop looks at it in every step. */
  #disabled: ReadonlySet<string> = new Set();
  #calling: { readonly plugin: string; readonly name: HookName } | undefined;
  /** @returns the error to throw when the policy is `stop`. */
  readonly #fail: (report: FailureReport) => Error;
  readonly #wait: WaitForHook;

  constructor(attached: readonly Attached[], fail: (report: FailureReport) => Error, wait: WaitForHook = async (promise) => promise) {
    this.#attached = attached;
    this.#fail = fail;
    this.#wait = wait;
    this.#compiled = this.#compile();
  }

  get attached(): readonly Attached[] {
    return this.#attached;
  }

  get hooks(): CompiledHooks {
    return this.#compiled;
  }

  /** Puts another set of plugins in place, between two calls. */
  replace(attached: readonly Attached[]): void {
    this.#attached = attached;
    this.#compiled = this.#compile();
  }

  /** The hook that is being called, until it returns or first awaits. */
  get calling(): { readonly plugin: string; readonly name: HookName } | undefined {
    return this.#calling;
  }

  /** Names of plugins that are not called any more. */
  get disabled(): ReadonlySet<string> {
    return this.#disabled;
  }

  /** Calls `measured` of one plugin. */
  measured(owner: string, values: unknown): void | Promise<void> {
    const attached = this.#attached.find(({ plugin }) => plugin.name === owner);
    const hook = attached?.bound.hooks.measured;
    if (attached === undefined || hook === undefined || attached.disabled) return undefined;
    const result = this.#call(attached, 'measured', hook, values);
    return isThenable(result) ? Promise.resolve(result).then(() => undefined) : undefined;
  }

  /** A measurement that a plugin asked for threw: told, and treated by the plugin's policy, as if `measured` had thrown. */
  measuringFailed(owner: string, error: unknown): void {
    const attached = this.#attached.find(({ plugin }) => plugin.name === owner);
    if (attached !== undefined) this.#failed(attached, 'measured', error);
  }

  /** Calls `teardown` of every plugin, disabled ones too, in reverse order. Errors are gathered: none masks another. */
  async teardown(payload: HookPayloads['teardown']): Promise<readonly { plugin: string; error: unknown }[]> {
    const errors: { plugin: string; error: unknown }[] = [];
    for (const attached of this.#attached.toReversed()) {
      const hook = attached.bound.hooks.teardown;
      if (hook === undefined) continue;
      try {
        const result = (hook as (payload: unknown, context: unknown) => unknown)(payload, attached.context);
        if (isThenable(result)) await this.#wait(result, { plugin: attached.plugin.name, hook: 'teardown' });
      } catch (error) {
        errors.push({ plugin: attached.plugin.name, error });
      }
    }
    return errors;
  }

  #compile(): CompiledHooks {
    const active = this.#attached.filter(({ disabled }) => !disabled);
    this.#disabled = new Set(this.#attached.filter(({ disabled }) => disabled).map(({ plugin }) => plugin.name));
    const having = (name: HookName): { attached: Attached; hook: UntypedHook }[] =>
      active.flatMap((attached) => {
        const hook = attached.bound.hooks[name];
        return hook === undefined ? [] : [{ attached, hook }];
      });
    const observe: Partial<Record<ObserveHookName, (payload: never) => void | Promise<void>>> = {};
    for (const name of hookNames) {
      if (hookKinds[name] !== 'observe' || name === 'measured' || name === 'teardown') continue;
      const entries = having(name);
      if (entries.length > 0) observe[name as ObserveHookName] = this.#compileObserve(name, entries);
    }
    return {
      observe: observe as CompiledHooks['observe'],
      batch: this.#compileTransform('batch', having('batch')),
      gradients: this.#compileTransform('gradients', having('gradients')),
      loss: this.#compileLoss(having('loss')),
    };
  }

  #compileObserve(name: HookName, entries: readonly { attached: Attached; hook: UntypedHook }[]): (payload: unknown) => void | Promise<void> {
    const from = (start: number, payload: unknown): void | Promise<void> => {
      for (let i = start; i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry === undefined || entry.attached.disabled) continue;
        const result = this.#call(entry.attached, name, entry.hook, payload);
        if (isThenable(result)) return Promise.resolve(result).then(() => from(i + 1, payload));
      }
      return undefined;
    };
    return (payload) => from(0, payload);
  }

  #compileTransform<T>(name: 'batch' | 'gradients', entries: readonly { attached: Attached; hook: UntypedHook }[]): ((value: T, each: (made: T) => void) => T | Promise<T>) | undefined {
    if (entries.length === 0) return undefined;
    const from = (start: number, value: T, each: (made: T) => void): T | Promise<T> => {
      let present = value;
      const take = (made: T | undefined): void => {
        if (made === undefined) return;
        each(made);
        present = made;
      };
      for (let i = start; i < entries.length; i += 1) {
        const entry = entries[i];
        if (entry === undefined || entry.attached.disabled) continue;
        const result = this.#call(entry.attached, name, entry.hook, present) as T | undefined | PromiseLike<T | undefined>;
        if (isThenable(result)) {
          return Promise.resolve(result).then((made) => {
            take(made);
            return from(i + 1, present, each);
          });
        }
        take(result);
      }
      return present;
    };
    return (value, each) => from(0, value, each);
  }

  #compileLoss(entries: readonly { attached: Attached; hook: UntypedHook }[]): CompiledHooks['loss'] {
    if (entries.length === 0) return undefined;
    return (loss, parts) => {
      let present = loss;
      for (const { attached, hook } of entries) {
        if (attached.disabled) continue;
        const result = this.#call(attached, 'loss', hook, present, parts) as tf.Scalar | undefined;
        if (isThenable(result)) {
          const problem = new TypeError('a loss hook returned a promise: it runs inside the gradient computation, where nothing can be awaited');
          // The promise is no one's any more: its own failure must not become an unhandled rejection.
          Promise.resolve(result).catch(() => undefined);
          this.#failed(attached, 'loss', problem);
          continue;
        }
        present = result ?? present;
      }
      return present;
    };
  }

  /** One timed call. A throw is handled by the policy; a promise comes back as a promise that does the same. */
  #call(attached: Attached, name: HookName, hook: UntypedHook, payload: unknown, more?: unknown): unknown {
    const began = performance.now();
    const tensors = liveTensors();
    let result: unknown;
    const outer = this.#calling;
    this.#calling = { plugin: attached.plugin.name, name };
    try {
      result = (hook as (payload: unknown, context: unknown, more?: unknown) => unknown)(payload, attached.context, more);
      this.#calling = outer;
    } catch (error) {
      this.#calling = outer;
      this.#ended(attached, name, began);
      this.#countTensors(attached, name, tensors);
      this.#failed(attached, name, error);
      return undefined;
    }
    if (isThenable(result) && name !== 'loss') {
      // Counted up to here: while it waits, others make tensors too.
      this.#countTensors(attached, name, tensors);
      return this.#wait(result, { plugin: attached.plugin.name, hook: name }).then(
        (value) => {
          this.#ended(attached, name, began);
          return value;
        },
        (error: unknown) => {
          this.#ended(attached, name, began);
          this.#failed(attached, name, error);
          return undefined;
        },
      );
    }
    this.#ended(attached, name, began);
    this.#countTensors(attached, name, tensors);
    return result;
  }

  #ended(attached: Attached, name: HookName, began: number): void {
    attached.spent.set(name, (attached.spent.get(name) ?? 0) + performance.now() - began - attached.held);
    attached.held = 0;
  }

  #countTensors(attached: Attached, name: HookName, tensors: number): void {
    if (hookKinds[name] !== 'observe') return;
    const grown = liveTensors() - tensors;
    if (grown === 0) return;
    attached.tensors.net += grown;
    if (grown > 0) attached.tensors.growths += 1;
  }

  #failed(attached: Attached, hook: HookName, error: unknown): void {
    attached.failures += 1;
    const policy = attached.plugin.onError;
    const toThrow = this.#fail({ attached, hook, error, policy });
    if (isWrongOption(hook, error)) throw error;
    if (policy === 'stop') throw toThrow;
    if (policy === 'disable') {
      attached.disabled = true;
      this.#compiled = this.#compile();
    }
  }
}
