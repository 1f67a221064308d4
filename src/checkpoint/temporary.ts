import { randomBytes } from 'node:crypto';

/** A name that holds what is being made or removed, and whose process it is. */
export interface TemporaryName {
  /** tmp: not finished, or not needed. old: the one before of a checkpoint that is being replaced, and as good as it was. */
  readonly kind: 'tmp' | 'old';
  readonly pid: number;
  /** Of the checkpoint, or of the saved model. */
  readonly name: string;
}

const pattern = /^\.(tmp|old)-(\d{1,10})-[0-9a-f]{8}-([^\\/]+)$/;

export const temporaryName = (kind: TemporaryName['kind'], name: string): string => `.${kind}-${String(process.pid)}-${randomBytes(4).toString('hex')}-${name}`;

/** Undefined for a name that temporaryName does not give. */
export function readTemporaryName(name: string): TemporaryName | undefined {
  const [, kind, pid, of] = pattern.exec(name) ?? [];
  return (kind === 'tmp' || kind === 'old') && of !== undefined ? { kind, pid: Number(pid), name: of } : undefined;
}

/** Whether a process other than this one has that number. */
export function isAnotherProcess(pid: number): boolean {
  if (pid === process.pid || pid === 0) return false;
  try {
    process.kill(pid, 0); // signal 0 asks and sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and is another user's
  }
}
