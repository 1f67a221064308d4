import * as tf from '@tensorflow/tfjs-core';
import { factsOf, gather, see, emptyWatch, consolidate, trainingStatistics, type Finding, type ModelFacts, type Seen, type Watch } from '../diagnosis/index.js';
import type { EventData, ObserverContext } from '../plugin/context.js';
import { definePlugin } from '../plugin/define-plugin.js';
import { activationStatistics, gradientNorms, predictionStatistics, updateNorms, weightNorms, type FindingInput } from '../plugin/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';

/** What the rules are shown of a fit, besides what is measured. */
export interface Watched {
  readonly model: () => unknown;
  /** Without gradients the rules see the losses alone. */
  readonly seesGradients: boolean;
  readonly every: number;
  readonly skip: readonly string[];
  /** The catalogue of the number of epochs before this fit. */
  readonly found: Finding[];
}

/**
 * The rules of trainscope/diagnosis as a plugin that only looks: the event `training-statistics`, and findings. Under a
 * Trainer the plugin `diagnosis` does it, which can also repair.
 */
export function watching({ model, seesGradients, every, skip, found }: Watched): AnyPlugin {
  let watch: Watch = emptyWatch();
  let facts: ModelFacts = { layers: new Map(), regularised: null };

  const show = (context: ObserverContext, event: Seen): void => {
    const seen = see(watch, event, skip);
    watch = seen.watch;
    if (seen.findings.length === 0) return;
    found.push(...seen.findings);
    // A symptom of a cause that is known is not told.
    for (const root of consolidate(found)) {
      if (seen.findings.some(({ rule, message }) => rule === root.rule && message === root.message)) context.finding(root as FindingInput);
    }
  };
  const at = ({ step, epoch }: ObserverContext): { readonly step: number; readonly epoch: number } => ({ step, epoch });

  const plain = {
    fitStart({ epochs }: { readonly epochs: number }, context: ObserverContext) {
      facts = factsOf(model());
      show(context, { event: 'run-start', ...at(context), data: { epochs, regularised: facts.regularised } });
    },
    epochEnd({ metrics, validation }: Pick<Extract<Seen, { event: 'epoch-end' }>['data'], 'metrics' | 'validation'>, context: ObserverContext) {
      show(context, { event: 'epoch-end', ...at(context), data: { metrics, validation } });
    },
    fitEnd({ reason }: Extract<Seen, { event: 'run-end' }>['data'], context: ObserverContext) {
      show(context, { event: 'run-end', ...at(context), data: { reason } });
    },
  };
  const about = { name: 'diagnosis', summary: 'Watches a training with the rules of trainscope/diagnosis.', role: 'observe' } as const;

  if (!seesGradients) {
    return definePlugin({
      ...about,
      hooks: () => ({
        ...plain,
        setup(_info, context) {
          context.listen(({ event, step, epoch, data }) => {
            if (event === 'step') show(context, { event, step, epoch, data: data as Extract<Seen, { event: 'step' }>['data'] });
          });
        },
      }),
    })();
  }
  return definePlugin({
    ...about,
    events: { 'training-statistics': trainingStatistics },
    needs: () => ({
      every,
      also: [1, 2, 5],
      of: { activations: activationStatistics(), gradients: gradientNorms(), weights: weightNorms(), updates: updateNorms(), predictions: predictionStatistics() },
    }),
    hooks: () => ({
      ...(plain as object),
      measured(values, context) {
        const { learningRate, times, metrics } = context;
        const data = gather(values, { facts, infos: context.weights, loss: metrics['loss'] ?? NaN, learningRate, tensors: tf.memory().numTensors, times });
        context.emit('training-statistics', data, { level: 'debug' });
        show(context as unknown as ObserverContext<EventData>, { event: 'training-statistics', ...at(context as unknown as ObserverContext), data });
      },
    }),
  })();
}
