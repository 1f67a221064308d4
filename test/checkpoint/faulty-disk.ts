import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { nodeDisk, type Disk } from '../../src/checkpoint/disk.js';

/** What happens at one call of a disk: from then on no call ever ends, it alone fails, or all from then on fail. */
export type Fault = 'death' | 'failure' | 'broken disk';

export interface FaultyDisk {
  readonly disk: Disk;
  /** Calls that were begun: `write manifest.json`. */
  readonly calls: readonly string[];
  /** Settles when the fault comes; never when it does not. */
  readonly struck: Promise<void>;
}

/** A disk with a fault at the call of that number, from 1. A file that is being written then is left with half of its bytes. */
export function faultyDisk(fault: Fault, at: number): FaultyDisk {
  const calls: string[] = [];
  let strike = (): void => undefined;
  const struck = new Promise<void>((resolve) => (strike = resolve));
  const never = new Promise<never>(() => undefined);

  const guarded =
    <Args extends readonly unknown[]>(name: keyof Disk, work: (...args: Args) => Promise<void>) =>
    async (...args: Args): Promise<void> => {
      calls.push(`${name} ${basename(String(args[0])).replace(/^\.(tmp|old)-.*/, '$1')}`);
      const now = calls.length;
      if (now < at || (now > at && fault === 'failure')) return work(...args);
      if (now === at && args[1] instanceof Uint8Array) writeFileSync(String(args[0]), args[1].subarray(0, args[1].length / 2));
      strike();
      if (fault === 'death') return never;
      throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' });
    };

  const disk: Disk = {
    makeFolder: guarded('makeFolder', nodeDisk.makeFolder),
    write: guarded('write', nodeDisk.write),
    sync: guarded('sync', nodeDisk.sync),
    rename: guarded('rename', nodeDisk.rename),
    remove: guarded('remove', nodeDisk.remove),
  };
  return { disk, calls, struck };
}
