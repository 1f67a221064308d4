import type { EventBus } from '../events/index.js';
import type { HookRunner } from '../plugin/runner.js';
import type { HookName, PhaseTimes } from '../plugin/index.js';
import { LeakLedger } from './leak-ledger.js';
import { emitFinding } from './plugin-contexts.js';
import type { RunState } from './run-state.js';
import type { StepResult } from './step.js';

/**
 * Share of the loop's time from which a plugin is said to slow it. All seven built-in plugins together, measuring at
 * every step, are meant to stay below 5%; one that takes twice that is worth a word.
 */
export const slowShare = 0.1;
/** Steps before a plugin is judged: the first few warm up caches and compile. */
export const stepsBeforeJudging = 20;
/** Hooks that run once a fit: they do not slow the loop. */
const onceAFit: ReadonlySet<HookName> = new Set(['setup', 'fitStart', 'fitEnd', 'error', 'teardown']);

/** What was said already, as a checkpoint holds it. */
export interface SavedReports {
  readonly slow: readonly string[];
  readonly unreached: readonly string[];
  readonly leaking: readonly (string | null)[];
  readonly lossWasFinite: boolean;
  readonly lastFinite: number;
}

/** What the loop itself has to say about plugins and weights: each thing once. */
export class LoopReports {
  readonly #slow: Set<string>;
  readonly #unreached: Set<string>;
  readonly #ledger: LeakLedger;
  #steps = 0;
  #lossWasFinite: boolean;
  #lastFinite: number;

  constructor(readonly parts: { readonly state: RunState; readonly bus: EventBus; readonly runner: HookRunner; readonly times: () => PhaseTimes }, saved?: SavedReports) {
    this.#slow = new Set(saved?.slow);
    this.#unreached = new Set(saved?.unreached);
    this.#ledger = new LeakLedger(saved?.leaking);
    this.#lossWasFinite = saved?.lossWasFinite ?? true;
    this.#lastFinite = saved?.lastFinite ?? 0;
  }

  /** Times and counts of tensors begin anew with a process; what was told is not told again. */
  save(): SavedReports {
    return { slow: [...this.#slow], unreached: [...this.#unreached], leaking: this.#ledger.told, lossWasFinite: this.#lossWasFinite, lastFinite: this.#lastFinite };
  }

  afterStep({ unreached }: StepResult): void {
    this.#steps += 1;
    const news = unreached.filter((name) => !this.#unreached.has(name));
    if (news.length === 0) return;
    for (const name of news) this.#unreached.add(name);
    const [first] = news;
    emitFinding(this.parts, null, {
      rule: 'no-gradient',
      severity: 'warning',
      message: `${news.length === 1 ? `the trainable weight ${String(first)} gets` : `${String(news.length)} trainable weights get`} no gradient: ${news.join(', ')}`,
      where: first === undefined ? {} : { weight: first },
      evidence: { weights: news },
      remedy: 'Use it in the forward pass on a path that has gradients, or set trainable = false so that the intent is plain.',
      docs: 'rules/no-gradient.md',
    });
  }

  /** A loss that was read: the first that is NaN or infinite is said, with the steps since the last finite one. */
  afterReading(loss: number): void {
    const { step } = this.parts.state;
    if (Number.isFinite(loss)) this.#lastFinite = step;
    if (Number.isFinite(loss) || !this.#lossWasFinite) return;
    this.#lossWasFinite = false;
    emitFinding(this.parts, null, {
      rule: 'non-finite-loss',
      severity: 'error',
      message: `the loss is ${String(loss)} at step ${String(step)}`,
      where: { steps: { from: this.#lastFinite + 1, to: step } },
      evidence: { loss, step },
      remedy: 'Look for NaN in the data (checkFinite finds it). Scale the inputs to about unit variance and lower the learning rate; look for log(0), a division by 0 or exp of a large number in the loss. The plugin gradientNorm names the first weight whose gradient is not finite.',
      docs: 'rules/non-finite-loss.md',
    });
  }

  /** At the end of each epoch, and of the fit. */
  afterEpoch(): void {
    this.#tellSlow();
    this.#tellLeaks();
  }

  /** Takes in what a step left behind, hooks that observe apart. */
  countTensors(grown: number): void {
    this.#ledger.countStep(grown);
  }

  #tellSlow(): void {
    if (this.#steps < stepsBeforeJudging) return;
    const { state, bus, runner, times } = this.parts;
    const whole = Object.values<number>({ ...times() }).reduce((sum, each) => sum + each, 0);
    for (const { plugin, spent } of runner.attached) {
      const hooks = [...spent].filter(([name]) => !onceAFit.has(name));
      const ms = hooks.reduce((sum, [, each]) => sum + each, 0);
      if (ms <= slowShare * whole || this.#slow.has(plugin.name)) continue;
      this.#slow.add(plugin.name);
      bus.emit('plugin-slow', { share: ms / whole, ms, hooks: Object.fromEntries(hooks) }, { plugin: plugin.name, epoch: state.epoch, step: state.step });
    }
  }

  #tellLeaks(): void {
    for (const { plugin, tensors, times } of this.#ledger.news(this.parts.runner.attached)) {
      emitFinding(this.parts, plugin, {
        rule: 'tensor-leak',
        severity: 'warning',
        message: `${plugin === null ? 'the model, loss, metric or transforming hooks' : `the plugin "${plugin}"`} left ${String(tensors)} tensors behind in ${String(times)} calls`,
        where: plugin === null ? {} : { plugin },
        evidence: { tensors, calls: times },
        remedy: 'Wrap the computation in tf.tidy, or dispose of what it makes; tf.keep only what is disposed of later.',
        docs: 'rules/tensor-leak.md',
      });
    }
  }
}
