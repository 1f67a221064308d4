import * as tf from '@tensorflow/tfjs-core';
import { Trainer, TrainscopeError, type CoreEvents } from 'trainscope';
import { consolidate, preflight, type Finding } from 'trainscope/diagnosis';
import type { AnyPlugin } from 'trainscope/plugin';
import * as plugins from 'trainscope/plugins';
import { experimentOf, samplesOf, type Model, type Recipe } from './recipe.js';
import type { Score } from './setups/score.js';

/** A finding, and the step at which it came: 0 before the first one. */
export interface Seen {
  readonly finding: Finding;
  readonly step: number;
}

export interface Look {
  readonly seen: readonly Seen[];
  /** One for each cause, the gravest first. */
  readonly causes: readonly Finding[];
  /** Of the trained model; NaN where the training broke. */
  readonly score: number;
  readonly steps: number;
  readonly seconds: { readonly preflight: number; readonly training: number };
  /** Why the preflight or the training threw, where it was no fault of the data or the options. */
  readonly broke: string | null;
}

export interface LookOptions {
  /** Milliseconds after which a training ends. */
  readonly milliseconds: number;
  readonly train: boolean;
  readonly score: Score;
}

/** What watches a training: what there is of it is taken. */
function watchers(): readonly AnyPlugin[] {
  const { diagnosis } = plugins as { readonly diagnosis?: () => AnyPlugin };
  return [plugins.gradientNorm(), plugins.weightNorm(), ...(diagnosis === undefined ? [] : [diagnosis()])];
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** Looks at a training before it runs, lets it run for a bounded time with watchers, and gathers what was found. */
export async function look(recipe: Recipe, { milliseconds, train, score }: LookOptions): Promise<Look> {
  const seen: Seen[] = [];
  const began = performance.now();
  let broke: string | null = null;
  try {
    const { all } = await preflight(experimentOf(recipe), { seed: recipe.seed });
    seen.push(...all.map((finding) => ({ finding, step: 0 })));
  } catch (error) {
    broke = `preflight: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const preflightSeconds = seconds(began);
  const start = performance.now();
  const run = train ? await training(recipe, milliseconds, score) : { seen: [], score: NaN, steps: 0, broke: null };
  seen.push(...run.seen);
  return {
    seen,
    causes: consolidate(seen.map(({ finding }) => finding)),
    score: run.score,
    steps: run.steps,
    seconds: { preflight: preflightSeconds, training: seconds(start) },
    broke: broke ?? run.broke,
  };
}

async function training(recipe: Recipe, milliseconds: number, score: Score): Promise<Pick<Look, 'seen' | 'score' | 'steps' | 'broke'>> {
  const seen: Seen[] = [];
  const { data, validation, plugins: own = [], fit, causal: _causal, ...options } = experimentOf(recipe);
  const models: Model[] = [];
  const before = tf.memory().numTensors;
  let trainer: Trainer<readonly AnyPlugin[]> | undefined;
  let reached = NaN;
  let steps = 0;
  let broke: string | null = null;
  try {
    trainer = new Trainer<readonly AnyPlugin[]>({
      ...options,
      model: () => {
        const made = recipe.build(recipe.architecture);
        models.push(made);
        return made;
      },
      plugins: [plugins.seed({ seed: recipe.seed }), ...own, ...watchers()],
    });
    trainer.on('finding', ({ step, data: finding }: { step: number; data: CoreEvents['finding'] }) => seen.push({ finding, step }));
    const result = await trainer.fit(data, { ...fit, ...(validation === undefined ? {} : { validation }), signal: AbortSignal.timeout(milliseconds) });
    ({ steps } = result);
    const { inputs } = samplesOf(recipe.held);
    const [predictions, ...others] = await trainer.predict(inputs, { batchSize: 250 });
    if (predictions !== undefined) {
      reached = score((await predictions.data()) as Float32Array, recipe.held);
      predictions.dispose();
    }
    tf.dispose(others);
  } catch (error) {
    // What the trainer refuses to begin with is what it has found.
    if (error instanceof TrainscopeError) seen.push({ finding: findingOf(error), step: 0 });
    else broke = `training: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  } finally {
    await trainer?.dispose();
    for (const made of models) {
      if ('forward' in made) tf.dispose(Object.values(made.trainableWeights));
      else made.dispose();
    }
  }
  if (tf.memory().numTensors > before + 1000) console.error(`${recipe.setup}: ${String(tf.memory().numTensors - before)} tensors left`);
  return { seen, score: reached, steps, broke };
}

const findingOf = ({ code, found, remedy }: TrainscopeError): Finding => ({
  rule: code.toLowerCase().replaceAll('_', '-'),
  severity: 'error',
  where: {},
  message: found,
  evidence: { code },
  remedy: remedy ?? '',
  docs: `errors.md#${code.toLowerCase()}`,
});
