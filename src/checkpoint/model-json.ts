import { z } from 'zod';
import { arraySpec, specOf, type ArraySpec } from './arrays.js';
import type { CheckpointContent } from './content.js';
import { decodeJson, encodeJson } from './json.js';
import { firstProblems, malformed } from './refusals.js';

/** TensorFlow.js's own format (ModelJSON of tfjs-core, io/types.ts), so that its readers take the folder for a saved model. */
const modelSchema = z.strictObject({
  modelTopology: z.unknown(),
  format: z.literal('layers-model'),
  generatedBy: z.string(),
  convertedBy: z.null(),
  weightsManifest: z.tuple([z.strictObject({ paths: z.tuple([z.literal('weights.bin')]), weights: z.array(arraySpec) })]),
});

export interface SavedModel {
  /** Null for a model written by hand. */
  readonly topology: unknown;
  readonly weights: readonly ArraySpec[];
}

export const encodeModel = (checkpoint: string, { topology, weights }: Pick<CheckpointContent, 'topology' | 'weights'>): Uint8Array<ArrayBuffer> =>
  encodeJson(checkpoint, 'model.json', {
    modelTopology: topology,
    format: 'layers-model',
    generatedBy: 'trainscope',
    convertedBy: null,
    weightsManifest: [{ paths: ['weights.bin'], weights: weights.map(specOf) }],
  } satisfies z.input<typeof modelSchema>);

/** @throws CheckpointError CHECKPOINT_FORMAT */
export function decodeModel(checkpoint: string, bytes: Uint8Array): SavedModel {
  const value = decodeJson(checkpoint, 'model.json', bytes);
  const result = modelSchema.safeParse(value);
  if (!result.success) throw malformed(checkpoint, 'model.json', `is not valid: ${firstProblems(result.error, modelSchema, value)}`);
  const { modelTopology, weightsManifest } = result.data;
  return { topology: modelTopology ?? null, weights: weightsManifest[0].weights };
}
