import { createHash } from 'node:crypto';
import { z } from 'zod';
import { arraySpec } from './arrays.js';
import type { CheckpointFacts } from './content.js';
import { decodeJson, encodeJson } from './json.js';
import { firstProblems, malformed, torn } from './refusals.js';

/** Files beside the manifest: a fixed set, so that no path is ever read from a file. */
export const contentFiles = ['model.json', 'weights.bin', 'optimizer.bin', 'snapshots.bin', 'state.json'] as const;
export type ContentFile = (typeof contentFiles)[number];
export const manifestFile = 'manifest.json';

/** Raised when a file changes its meaning. */
const version = 1;

const count = z.int().min(0);
const fileFacts = z.strictObject({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const manifestSchema = z.strictObject({
  format: z.literal('trainscope-checkpoint'),
  version: z.literal(version),
  facts: z.strictObject({
    runId: z.string(),
    attempt: z.int().min(1),
    seq: count,
    epoch: count,
    step: count,
    time: z.number(),
    reason: z.string(),
    // JSON has no NaN and no infinities: they are written by their names.
    metric: z.strictObject({ name: z.string(), value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]) }).nullable(),
    lasting: z.boolean(),
    finite: z.boolean(),
  }),
  files: z.strictObject({ 'model.json': fileFacts, 'weights.bin': fileFacts, 'optimizer.bin': fileFacts, 'snapshots.bin': fileFacts, 'state.json': fileFacts } satisfies Record<ContentFile, unknown>),
  /** What stands in optimizer.bin and snapshots.bin; what stands in weights.bin is in model.json, as TensorFlow.js has it. */
  optimizer: z.array(arraySpec),
  snapshots: z.array(z.strictObject({ key: z.string(), arrays: z.array(arraySpec) })),
});

type Manifest = z.output<typeof manifestSchema>;
export type CheckpointManifest = Omit<Manifest, 'format' | 'version' | 'facts'> & { readonly facts: CheckpointFacts };

/** What stands around the manifest: its own digest comes first, as it can be in no other file. */
const before = (digest: string): string => `{"sha256":"${digest}","manifest":`;
const after = '}\n';
const lengthBefore = before('0'.repeat(64)).length;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws CheckpointError CHECKPOINT_FORMAT for facts that could not be read back */
export function encodeManifest(checkpoint: string, { facts, ...rest }: CheckpointManifest): Uint8Array<ArrayBuffer> {
  const metric = facts.metric === null ? null : { ...facts.metric, value: Number.isFinite(facts.metric.value) ? facts.metric.value : String(facts.metric.value) };
  const manifest = validated(checkpoint, { format: 'trainscope-checkpoint', version, facts: { ...facts, metric }, ...rest });
  return sealManifest(encodeJson(checkpoint, manifestFile, manifest));
}

/** A manifest's text with its digest. */
export const sealManifest = (body: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat([Buffer.from(before(digestOf(body))), body, Buffer.from(after)]));

/** @throws CheckpointError CHECKPOINT_TORN when a byte is not as it was, CHECKPOINT_FORMAT for another version */
export function decodeManifest(checkpoint: string, bytes: Uint8Array): CheckpointManifest {
  const body = bytes.subarray(lengthBefore, Math.max(lengthBefore, bytes.length - after.length));
  if (Buffer.compare(sealManifest(body), bytes) !== 0) throw torn(checkpoint, manifestFile, 'does not have the digest that it names');
  const { facts, ...rest } = validated(checkpoint, decodeJson(checkpoint, manifestFile, body));
  return { ...rest, facts: { ...facts, metric: facts.metric === null ? null : { ...facts.metric, value: Number(facts.metric.value) } } };
}

function validated(checkpoint: string, value: unknown): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const given = z.looseObject({ format: z.literal('trainscope-checkpoint'), version: z.number() }).safeParse(value);
  if (given.success && given.data.version !== version) throw malformed(checkpoint, manifestFile, `is of format ${String(given.data.version)}; this version of trainscope knows ${String(version)}`);
  throw malformed(checkpoint, manifestFile, `is not valid: ${firstProblems(result.error, manifestSchema, value)}`);
}
