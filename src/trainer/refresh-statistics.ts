import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { disposeBatch, type LoadedData } from '../data/index.js';
import type { RefreshedStatistics } from '../plugin/index.js';
import type { HookRunner } from '../plugin/runner.js';
import { BatchFeed } from './batch-feed.js';
import type { Engine } from './engine.js';
import { leavesOf } from './layers-face.js';
import type { RunState } from './run-state.js';
import { TensorBag } from './tensor-bag.js';

/** A layer that keeps moving averages of what it saw in training: moving = momentum * moving + (1 - momentum) * batch's. */
interface Normalization {
  momentum: number;
  readonly trainable: boolean;
  call: (...args: never[]) => unknown;
}

/**
 * Lets each call of a layer count: the mean of n is that of n - 1, with a part 1/n of the last one. A layer that the
 * model goes through twice counts twice a batch; one that is frozen stays as it is.
 * @returns what puts the layer back as it was
 */
function average(layer: Normalization): () => void {
  const { momentum } = layer;
  const own = Object.getOwnPropertyDescriptor(layer, 'call');
  const call = layer.call.bind(layer);
  let calls = 0;
  layer.call = (...args) => {
    calls += 1;
    layer.momentum = layer.trainable ? 1 - 1 / calls : 1;
    return call(...args);
  };
  return () => {
    layer.momentum = momentum;
    if (own === undefined) Reflect.deleteProperty(layer, 'call');
    else Object.defineProperty(layer, 'call', own);
  };
}

const normalizationsOf = ({ model }: Engine): readonly Normalization[] =>
  model.kind === 'layers' ? (model.source as LayersModel).layers.flatMap(leavesOf).filter((layer) => layer.getClassName() === 'BatchNormalization').map((layer) => layer as unknown as Normalization) : [];

/**
 * Takes the moving statistics of batch normalisation anew, with the weights as they are: the mean over batches of what each
 * layer sees of them in training, each batch counting the same, but of frozen layers. Nothing is trained; the batches are
 * those that the next pass over the data would give, through the plugins' batch hooks.
 */
export async function refreshStatistics(parts: { readonly batches: number; readonly data: LoadedData; readonly engine: Engine; readonly state: RunState; readonly runner: HookRunner }): Promise<RefreshedStatistics> {
  const { engine, state, runner, batches } = parts;
  const layers = normalizationsOf(engine);
  if (layers.length === 0) return { layers: 0, batches: 0 };
  const restore = layers.map(average);
  const streams = state.streams.state();
  // A fit that a plugin has stopped is through, and may do this; an abort ends it.
  const feed = new BatchFeed(parts.data, { accumulateSteps: 1, stepsPerEpoch: undefined, firstPass: state.passes, stopping: state.aborting });
  let done = 0;
  try {
    feed.beginEpoch();
    while (done < batches) {
      const taken = await feed.take();
      if (taken === undefined) break;
      const bag = new TensorBag();
      try {
        for (const given of taken.batches) {
          const batch = (await runner.hooks.batch?.(given, ({ inputs, labels, sampleWeights = [] }) => bag.putAll([...inputs, ...labels, ...sampleWeights]))) ?? given;
          done += 1;
          tf.tidy(() => {
            engine.model.forward(batch.inputs, true);
          });
        }
      } finally {
        bag.dispose();
        for (const each of taken.batches) disposeBatch(each);
      }
      if (taken.last) break;
    }
    return { layers: layers.filter(({ trainable }) => trainable).length, batches: done };
  } finally {
    for (const putBack of restore) putBack();
    await feed.close();
    state.streams.restore(streams);
  }
}
