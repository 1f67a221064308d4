import { join } from 'node:path';
import { namesIn } from './event-file.js';

const shortId = (runId: string): string => runId.replace(/[^a-zA-Z0-9]/g, '').slice(0, 8);

/**
 * The folder of a run: `20260131-120000-1f2e3d4c`, when it began (UTC) and the beginning of its id. The time first, as in TensorFlow's
 * tutorials, so that TensorBoard lists runs in their order; the id, so that a resumed run finds its folder again.
 */
export function runFolder(folder: string, runId: string, time: number): string {
  const ending = `-${shortId(runId)}`;
  const known = namesIn(folder).find((name) => /^\d{8}-\d{6}-/.test(name) && name.endsWith(ending));
  const stamp = new Date(time).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return join(folder, known ?? `${stamp}${ending}`);
}
