import { z } from 'zod';
import { arraySpec, checkArrays, joinArrays, specOf } from './arrays.js';
import type { CheckpointContent, CheckpointFacts, NamedArray } from './content.js';
import { sha256 } from './digest.js';
import { encodeJson } from './json.js';
import { encodeManifest, type ContentFile } from './manifest.js';
import { encodeModel } from './model-json.js';
import { firstProblems, unsaveable } from './refusals.js';

/** The files of a checkpoint. */
export interface EncodedCheckpoint {
  readonly files: readonly (readonly [ContentFile, Uint8Array])[];
  /** Makes the digests of the others, and manifest.json of them. */
  readonly seal: () => Promise<Uint8Array>;
}

const isNumbers = (values: unknown): boolean => values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array;
const arrays = z.array(z.object({ ...arraySpec.shape, values: z.custom(isNumbers, { error: 'expected a Float32Array, an Int32Array or a Uint8Array' }) }));
const contentSchema = z.object({ weights: arrays, optimizer: arrays, snapshots: z.record(z.string(), arrays), state: z.unknown(), topology: z.unknown() });

/** @throws CheckpointError CHECKPOINT_FORMAT for what could not be read back */
export function encodeCheckpoint(name: string, facts: CheckpointFacts, content: CheckpointContent): EncodedCheckpoint {
  const checked = contentSchema.safeParse(content);
  if (!checked.success) throw unsaveable(name, firstProblems(checked.error, contentSchema, content), 'arrays with a name, a dtype, a shape and values');
  const pack = (file: ContentFile, arrays: readonly NamedArray[]): Uint8Array<ArrayBuffer> => {
    checkArrays(name, file, arrays);
    return joinArrays(arrays);
  };
  const snapshots = Object.entries(content.snapshots);
  const files = {
    'model.json': encodeModel(name, content),
    'weights.bin': pack('weights.bin', content.weights),
    'optimizer.bin': pack('optimizer.bin', content.optimizer),
    'snapshots.bin': pack('snapshots.bin', snapshots.flatMap(([, arrays]) => arrays)),
    'state.json': encodeJson(name, 'state.json', content.state),
  } satisfies Record<ContentFile, unknown>;
  const seal = async (): Promise<Uint8Array> => {
    const described = async (file: ContentFile): Promise<{ bytes: number; sha256: string }> => ({ bytes: files[file].byteLength, sha256: await sha256(files[file]) });
    const [model, weights, optimizer, copies, state] = await Promise.all([described('model.json'), described('weights.bin'), described('optimizer.bin'), described('snapshots.bin'), described('state.json')]);
    return encodeManifest(name, {
      facts,
      files: { 'model.json': model, 'weights.bin': weights, 'optimizer.bin': optimizer, 'snapshots.bin': copies, 'state.json': state },
      optimizer: content.optimizer.map(specOf),
      snapshots: snapshots.map(([key, arrays]) => ({ key, arrays: arrays.map(specOf) })),
    });
  };
  return { files: Object.entries(files) as [ContentFile, Uint8Array][], seal };
}
