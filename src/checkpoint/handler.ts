import type { io } from '@tensorflow/tfjs-core';
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { bytesOf, splitArrays } from './arrays.js';
import { decodeManifest, manifestFile } from './manifest.js';
import { decodeModel } from './model-json.js';
import { readFileOf } from './read-file.js';
import { checkFolder, readVerified } from './read.js';
import { malformed } from './refusals.js';

/**
 * For `loadLayersModel`: the model of a checkpoint, without its optimizer and without tfjs-node. Its files are verified.
 * Loading throws CheckpointError CHECKPOINT_NOT_FOUND, CHECKPOINT_TORN, or CHECKPOINT_FORMAT, also for a model written
 * by hand, of which a checkpoint holds the weights alone.
 *
 * @param path The checkpoint's own folder.
 * @throws ConfigError OPTIONS_INVALID
 *
 * @example
 * const model = await loadLayersModel(checkpointHandler('checkpoints/epoch-0010-end'));
 */
export function checkpointHandler(path: string): io.IOHandler {
  const folder = resolve(checkArgument('arguments of checkpointHandler', z.strictObject({ path: z.string().min(1) }), { path }).path);
  const place = { name: basename(folder), path: folder };
  return {
    async load() {
      await checkFolder(folder);
      const manifest = decodeManifest(place.name, await readFileOf(place, manifestFile));
      const [model, weights] = await Promise.all([readVerified(place, manifest, 'model.json'), readVerified(place, manifest, 'weights.bin')]);
      const { topology, weights: specs } = decodeModel(place.name, model);
      if (typeof topology !== 'object' || topology === null) throw malformed(place.name, 'model.json', 'has no topology: the model was written by hand');
      splitArrays(place.name, 'weights.bin', specs, weights); // looks whether the shapes fit
      return { modelTopology: topology, weightSpecs: [...specs], weightData: weights.buffer, format: 'layers-model', generatedBy: 'trainscope', convertedBy: null };
    },
  };
}

/** Artifacts that have weights. */
export type LoadedArtifacts = io.ModelArtifacts & { readonly weightData: ArrayBuffer; readonly weightSpecs: io.WeightsManifestEntry[] };

/**
 * For `loadLayersModel`: a model that the plugin modelCheckpoint has saved, without tfjs-node. Of one saved without its
 * topology (`saveWeightsOnly`, or a model written by hand) it loads the weights alone.
 *
 * @param path The model's own folder.
 * @throws ConfigError OPTIONS_INVALID. Loading throws CheckpointError CHECKPOINT_TORN for a file that is missing or has
 * another size than the shapes ask for, CHECKPOINT_FORMAT for a model.json that trainscope did not write
 *
 * @example
 * const model = await loadLayersModel(modelHandler('models/best'));
 *
 * @example
 * // The weights alone, into a model of the same code.
 * const { weightData, weightSpecs } = await modelHandler('models/best').load();
 * model.loadWeights(tf.io.decodeWeights(weightData, weightSpecs));
 */
export function modelHandler(path: string): { load(): Promise<LoadedArtifacts> } {
  const folder = resolve(checkArgument('arguments of modelHandler', z.strictObject({ path: z.string().min(1) }), { path }).path);
  const place = { name: basename(folder), path: folder };
  return {
    async load() {
      const { topology, weights: specs } = decodeModel(place.name, await readFileOf(place, 'model.json'));
      const weights = await readFileOf(place, 'weights.bin', bytesOf(specs));
      return { ...(typeof topology === 'object' && topology !== null ? { modelTopology: topology } : {}), weightSpecs: [...specs], weightData: weights.buffer, format: 'layers-model', generatedBy: 'trainscope', convertedBy: null };
    },
  };
}
