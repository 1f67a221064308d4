import { LayersModel, type Callback, type CustomCallback } from '@tensorflow/tfjs-layers';

/** model.stopTraining, by which a callback ends the fit. */
export interface StopFlag {
  isSet(): boolean;
  clear(): void;
  /** Lets a callback have the model. */
  give(callback: Callback | CustomCallback): void;
}

interface HasFlag {
  stopTraining: boolean;
}

/**
 * The flag of a model; of one that is written by hand, that of an object which stands in for it and has nothing else.
 */
export function stopFlag(model: unknown): StopFlag {
  const isLayers = typeof model === 'object' && model !== null && 'layers' in model && 'stopTraining' in model;
  const holder: HasFlag = isLayers ? (model as unknown as HasFlag) : { stopTraining: false };
  return {
    isSet: () => holder.stopTraining,
    clear: () => {
      holder.stopTraining = false;
    },
    give: (callback) => {
      if (model instanceof LayersModel) callback.setModel(model);
      // tf.Callback's setModel refuses whatever is none of its own copy's models.
      else (callback as { model?: unknown }).model = isLayers ? model : holder;
    },
  };
}
