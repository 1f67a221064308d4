/** A model whose values are copied, and which is being written. */
export interface ModelSaved {
  /** Of both files. */
  readonly bytes: number;
  /** Settles when the files are on the disk. A CheckpointError when they could not be written: what was there before is there still. */
  readonly written: Promise<void>;
}

/** The model alone, in TensorFlow.js's format: a folder of model.json and weights.bin, whole or not there at every moment. */
export interface Models {
  /**
   * Makes the folder that models are to be in, and tries whether it can be written. Call it in fitStart.
   * @throws CheckpointError CHECKPOINT_UNWRITABLE; CHECKPOINT_FOLDER_TAKEN where something that is no model is in its place
   */
  open(path: string): Promise<void>;
  /**
   * Saves the weights as they are now, batch normalisation's statistics included; the training waits for the copy alone.
   * @param options `weightsOnly`: without what tf.loadLayersModel builds the model from, which a model written by hand never has.
   * @throws CheckpointError CHECKPOINT_FORMAT for weights that hold text or complex numbers
   */
  save(path: string, options?: { readonly weightsOnly?: boolean }): Promise<ModelSaved>;
}
