import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Place {
  readonly name: string;
  readonly epoch: number;
  /** Infinity for the end of the epoch. */
  readonly step: number;
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** What stands in a folder under a name of a checkpoint is a whole one: known by the names alone, without the code under test. */
export function newestIn(folder: string): Place | undefined {
  return namesIn(folder)
    .flatMap((name): Place[] => {
      const [, epoch, , step] = /^epoch-(\d+)-(end|step-(\d+))$/.exec(name) ?? [];
      return epoch === undefined ? [] : [{ name, epoch: Number(epoch), step: step === undefined ? Infinity : Number(step) }];
    })
    .sort((a, b) => b.epoch - a.epoch || b.step - a.step)[0];
}

/** What a write that was cut short left, and what a removal did. */
export const unfinishedIn = (folder: string): readonly string[] => namesIn(folder).filter((name) => name.startsWith('.'));

/** sha256 of what the newest checkpoint holds of tensors, by file. */
export function tensorsOfNewest(folder: string): Readonly<Record<string, string>> {
  const newest = newestIn(folder);
  if (newest === undefined) return {};
  return Object.fromEntries(['weights.bin', 'optimizer.bin', 'snapshots.bin'].map((file) => [file, createHash('sha256').update(readFileSync(`${folder}/${newest.name}/${file}`)).digest('hex')]));
}
