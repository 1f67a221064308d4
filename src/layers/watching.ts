import * as tf from '@tensorflow/tfjs-core';
import { consolidate, emptyWatch, factsOf, gather, see, trainingStatistics, type Finding, type ModelFacts, type Seen } from '../diagnosis/index.js';
import { activationStatistics, gradientNorms, predictionStatistics, updateNorms, weightNorms } from '../measure/index.js';
import { definePlugin, type AnyPlugin } from '../plugin/define-plugin.js';
import type { EpochInfo, FindingInput, FitEndInfo, FitStartInfo, ObserverContext } from '../plugin/index.js';

/** What the rules are shown of a fit. */
export interface Watched {
  readonly model: () => unknown;
  /** Without gradients the rules see the losses alone. */
  readonly seesGradients: boolean;
  readonly every: number;
  readonly skip: readonly string[];
}

type Step = Extract<Seen, { event: 'step' }>['data'];

/**
 * The rules of trainscope/diagnosis as a plugin that only looks: the event `training-statistics`, and findings. Under a
 * Trainer the plugin `diagnosis` does it, which can also repair.
 */
export function watching({ model, seesGradients, every, skip }: Watched): AnyPlugin {
  let watch = emptyWatch();
  let found: readonly Finding[] = [];
  let facts: ModelFacts = { layers: new Map(), regularised: null };
  let watched: unknown;

  const show = (context: ObserverContext, event: Seen): void => {
    const seen = see(watch, event, skip);
    watch = seen.watch;
    if (seen.findings.length === 0) return;
    found = [...found, ...seen.findings];
    // A symptom of a cause that is known is not told.
    for (const root of consolidate(found)) {
      if (seen.findings.some(({ rule, message }) => rule === root.rule && message === root.message)) context.finding(root as FindingInput);
    }
  };
  const at = ({ step, epoch }: ObserverContext): { readonly step: number; readonly epoch: number } => ({ step, epoch });

  const hooks = {
    fitStart({ epochs }: FitStartInfo, context: ObserverContext) {
      if (watched !== model()) {
        // What is remembered goes by the names of layers and weights.
        watched = model();
        watch = emptyWatch();
        found = [];
      }
      facts = factsOf(watched);
      show(context, { event: 'run-start', ...at(context), data: { epochs, regularised: facts.regularised } });
    },
    epochEnd({ metrics, validation }: EpochInfo, context: ObserverContext) {
      show(context, { event: 'epoch-end', ...at(context), data: { metrics, validation } });
    },
    fitEnd({ reason }: FitEndInfo, context: ObserverContext) {
      show(context, { event: 'run-end', ...at(context), data: { reason } });
    },
  };
  const about = { name: 'diagnosis', summary: 'Watches a training with the rules of trainscope/diagnosis.', role: 'observe' } as const;

  if (!seesGradients) {
    return definePlugin({
      ...about,
      hooks: () => ({
        ...hooks,
        setup(_info, context) {
          context.listen(({ event, step, epoch, data }) => {
            if (event === 'step') show(context, { event, step, epoch, data: data as Step });
          });
        },
      }),
    })();
  }
  return definePlugin({
    ...about,
    events: { 'training-statistics': trainingStatistics },
    // The steps that the plugin diagnosis looks at: most goes wrong in the first few.
    needs: () => ({
      every,
      also: [1, 2, 5],
      of: { activations: activationStatistics(), gradients: gradientNorms(), weights: weightNorms(), updates: updateNorms(), predictions: predictionStatistics() },
    }),
    hooks: () => ({
      ...hooks,
      measured(values, context) {
        const { learningRate, times, metrics } = context;
        const data = gather(values, { facts, infos: context.weights, loss: metrics['loss'] ?? NaN, learningRate, tensors: tf.memory().numTensors, times });
        context.emit('training-statistics', data, { level: 'debug' });
        show(context, { event: 'training-statistics', ...at(context), data });
      },
    }),
  })();
}
