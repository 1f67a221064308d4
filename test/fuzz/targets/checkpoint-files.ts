import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { sealManifest } from '../../../src/checkpoint/manifest.js';
import { hostileData, hostileNames } from '../hostile.js';
import { mutated, spliced } from '../mutate.js';
import type { Place } from '../target.js';

/** The files of a checkpoint, by their names. */
export type Files = Readonly<Record<string, Buffer>>;

export const filesIn = (folder: string): Files => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

const json = ['manifest.json', 'model.json', 'state.json'] as const;
const binary = ['weights.bin', 'optimizer.bin', 'snapshots.bin'] as const;
const names = [...json, ...binary] as const;
type Name = (typeof names)[number];

/** What is done to one file. */
type Change =
  | { readonly how: 'json'; readonly value: unknown }
  | { readonly how: 'text'; readonly text: string }
  | { readonly how: 'flip'; readonly bits: readonly number[] }
  | { readonly how: 'cut' | 'extend'; readonly length: number }
  | { readonly how: 'swap'; readonly other: Name }
  | { readonly how: 'missing' | 'folder' | 'link out' | 'link nowhere' };

export interface ChangedCheckpoint {
  readonly changes: readonly { readonly file: Name; readonly change: Change }[];
  /** Whether sizes and sums in the manifest are made right again, so that what lies behind them is reached. */
  readonly sealed: boolean;
  /** Beside it stands the one that it was made of, unchanged: is that one taken when this one is refused? */
  readonly withEarlier: boolean;
}

const parsed = (files: Files, name: Name): unknown => JSON.parse(files[name]?.toString() ?? 'null');
const tokens = ['"', '{', '}', '[', ']', ',', ':', 'null', '1e999', '"NaN"', '-1', '9007199254740993', '\u0000', '\uFEFF', ...hostileNames];

/** A checkpoint with some of its files changed. */
export function changedCheckpoint(files: Files): fc.Arbitrary<ChangedCheckpoint> {
  const ofJson = (file: (typeof json)[number]): fc.Arbitrary<{ file: Name; change: Change }> =>
    fc.oneof(
      { weight: 6, arbitrary: mutated([parsed(files, file)], hostileData).map((value): Change => ({ how: 'json', value })) },
      { weight: 1, arbitrary: spliced(fc.constant(files[file]?.toString() ?? ''), tokens).map((text): Change => ({ how: 'text', text })) },
    ).map((change) => ({ file, change }));
  const ofAny = fc.record({
    file: fc.constantFrom<Name>(...names),
    change: fc.oneof(
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }).map((bits): Change => ({ how: 'flip', bits })),
      fc.record({ how: fc.constantFrom('cut' as const, 'extend' as const), length: fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 100_000 })) }),
      fc.constantFrom<Name>(...names).map((other): Change => ({ how: 'swap', other })),
      fc.constantFrom<Change>({ how: 'missing' }, { how: 'folder' }, { how: 'link out' }, { how: 'link nowhere' }),
    ),
  });
  return fc.record({
    changes: fc.array(fc.oneof({ weight: 3, arbitrary: ofJson('state.json') }, { weight: 2, arbitrary: ofJson('manifest.json') }, { weight: 1, arbitrary: ofJson('model.json') }, { weight: 2, arbitrary: ofAny }), { minLength: 1, maxLength: 2 }),
    sealed: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    withEarlier: fc.boolean(),
  });
}

/** JSON has no text for undefined. */
const asText = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

function changedBytes(bytes: Buffer, change: Change, files: Files): Buffer | undefined {
  switch (change.how) {
    case 'json':
      return Buffer.from(asText(change.value));
    case 'text':
      return Buffer.from(change.text);
    case 'flip': {
      const copy = Buffer.from(bytes);
      for (const bit of copy.length === 0 ? [] : change.bits) {
        const at = bit % (copy.length * 8);
        copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7));
      }
      return copy;
    }
    case 'cut':
      return bytes.subarray(0, change.length % (bytes.length + 1));
    case 'extend':
      return Buffer.concat([bytes, Buffer.alloc(change.length, 1)]);
    case 'swap':
      return files[change.other];
    case 'missing':
    case 'folder':
    case 'link out':
    case 'link nowhere':
      return undefined;
  }
}

/** The manifest with the sizes and sums that the files have. */
function sealedManifest(manifest: Buffer, files: ReadonlyMap<string, Buffer>): Buffer {
  try {
    type Given = { readonly files?: Record<string, { bytes: unknown; sha256: unknown }> } | null;
    const whole = JSON.parse(manifest.toString()) as { readonly manifest?: Given } | null;
    const value = whole?.manifest ?? (whole as Given);
    for (const [name, bytes] of files) {
      const entry = typeof value?.files === 'object' && Object.hasOwn(value.files, name) ? value.files[name] : undefined;
      if (typeof entry !== 'object' || (entry as unknown) === null) continue;
      entry.bytes = bytes.length;
      entry.sha256 = createHash('sha256').update(bytes).digest('hex');
    }
    return Buffer.from(sealManifest(Buffer.from(JSON.stringify(value))));
  } catch {
    // No manifest any more.
    return manifest;
  }
}

function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

/** Puts the changed checkpoint into the place. @returns the folder of checkpoints, and the one in it */
export function putChanged({ changes, sealed, withEarlier }: ChangedCheckpoint, files: Files, { folder }: Place): { readonly all: string; readonly one: string } {
  const all = join(folder, 'checkpoints');
  const one = join(all, 'step-00000002');
  rmSync(all, { recursive: true, force: true });
  const now = new Map(Object.entries(files));
  for (const { file, change } of changes) {
    const bytes = changedBytes(now.get(file) ?? Buffer.alloc(0), change, files);
    if (bytes === undefined) now.delete(file);
    else now.set(file, bytes);
  }
  const manifest = now.get('manifest.json');
  if (sealed && manifest !== undefined) now.set('manifest.json', sealedManifest(manifest, new Map([...now].filter(([name]) => name !== 'manifest.json'))));
  writeFiles(one, now);
  for (const { file, change } of changes) {
    if (now.has(file)) continue;
    rmSync(join(one, file), { recursive: true, force: true });
    if (change.how === 'folder') mkdirSync(join(one, file));
    if (change.how === 'link out') symlinkSync(join(folder, 'out', 'x'), join(one, file));
    if (change.how === 'link nowhere') symlinkSync(join(folder, 'nowhere'), join(one, file));
  }
  if (withEarlier) writeFiles(join(all, 'step-00000001'), new Map(Object.entries(files)));
  return { all, one };
}
