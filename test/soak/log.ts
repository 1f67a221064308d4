import { readFileSync } from 'node:fs';

interface Line {
  readonly runId: string;
  readonly seq: number;
  readonly event: string;
  readonly plugin: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The log of a run that may have been killed and resumed, as its reader takes it. */
export interface ReadLog {
  /** What stands when superseded events and the `resume` lines are left out, without what is of a moment or a place. */
  readonly events: readonly string[];
  readonly resumes: number;
  /** Lines that a kill tore. */
  readonly torn: number;
  /** Places where seq does not go up by one: events that were lost. */
  readonly gaps: readonly number[];
}

/** Of a moment: how long something took. `times` are those of the diagnosis, by phase. */
const timed = new Set(['ms', 'milliseconds', 'times']);
/** Of a place: the folder of the checkpoints is among the options of its plugin. Counted findings hold the profiler's. */
const placed = new Set(['configurationHash', 'findings']);

/** gpuProfiler measures times, and so does what warns of slow plugins: two runs without a kill differ in them. */
const isOfClock = ({ event, plugin }: Line): boolean => event === 'plugin-slow' || plugin === 'gpuProfiler';

/** @param folder Named in the events; it is left out of them. */
export function readLog(path: string, folder: string): ReadLog {
  let torn = 0;
  const all = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text): Line[] => {
      if (text === '') return [];
      try {
        return [JSON.parse(text.replaceAll(folder, '')) as Line];
      } catch {
        torn += 1;
        return [];
      }
    });
  // A run that was killed before its first checkpoint is begun anew, as another run.
  const runId = all.at(-1)?.runId;
  let standing: Line[] = [];
  let resumes = 0;
  for (const line of all) {
    if (line.runId !== runId) continue;
    if (line.event === 'resume') {
      resumes += 1;
      const { seq } = line.data as { readonly seq: number };
      standing = standing.filter((each) => each.seq <= seq);
    }
    standing.push(line);
  }
  return {
    events: standing.filter((line) => line.event !== 'resume' && !isOfClock(line)).map(lasting),
    resumes,
    torn,
    gaps: standing.flatMap(({ seq }, i) => (seq === i + 1 ? [] : [i + 1])).slice(0, 1),
  };
}

function lasting(line: Line): string {
  const { v, event, plugin, epoch, step, level, data } = line as Line & Readonly<Record<'v' | 'epoch' | 'step' | 'level', unknown>>;
  return JSON.stringify({ v, event, plugin, epoch, step, level, data }, (key, value: unknown) => (timed.has(key) || placed.has(key) ? undefined : value));
}
