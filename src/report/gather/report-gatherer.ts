import type { TrainscopeEvent } from '../../events/index.js';
import type { ReportModel, RunModel } from '../model.js';
import { compareRuns } from './compare-runs.js';
import { DirectLines } from './direct-lines.js';
import { RunGatherer } from './run-gatherer.js';
import type { Cut } from './superseded-lines.js';
import { eventOfLine, numberIn } from './wire-event.js';

export interface GatherOptions {
  readonly title: string;
  /** For people: where the events come from, such as the name of a file. */
  readonly source: string;
  /** Whether more may come after what is there: a run without an end is shown as running. */
  readonly live?: boolean;
  /** Runs of which nothing is taken in but the one whose event stands last: 'last'. Default 'all'. */
  readonly run?: 'all' | 'last';
  /** Of a log that is read from a file: see cutsOf. */
  readonly cuts?: readonly Cut[];
}

interface Gathered {
  readonly run: RunGatherer;
  superseded: number;
  /** The highest seq that was taken in. */
  seq: number;
}

/** What a page shows of one log, while its lines come in; of bounded size. */
export class ReportGatherer {
  readonly #options: GatherOptions;
  readonly #runs = new Map<string, Gathered>();
  readonly #direct = new DirectLines();
  readonly #skips: (run: RunGatherer, seq: number) => boolean;
  /** Where the line under way begins. */
  #start = 0;
  #otherLines = 0;
  #version = 0;
  #newest: Gathered | undefined;
  #stale = false;

  constructor(options: GatherOptions) {
    this.#options = options;
    const isCut = (options.cuts ?? []).length > 0;
    this.#skips = (run, seq) => {
      const gathered = this.#runs.get(run.runId);
      if (gathered === undefined) return true;
      this.#newest = gathered;
      this.#version += 1;
      if (isCut && this.#isSuperseded(run.runId, seq)) {
        gathered.superseded += 1;
        return true;
      }
      if (seq > gathered.seq) gathered.seq = seq;
      return false;
    };
  }

  /** Rises when there is something new. */
  get version(): number {
    return this.#version;
  }

  /**
   * True once a run has gone on from a checkpoint and makes again what was taken in: the log is to be read anew, with
   * its cuts.
   */
  get isStale(): boolean {
    return this.#stale;
  }

  /** @param start Where in the file the line begins, bytes: for the cuts. */
  line(text: string, start = 0): void {
    const bytes = Buffer.from(text);
    this.bytes(bytes, 0, bytes.length, start);
  }

  /** As line, of a line that stands in a buffer from `from` to `to`. */
  bytes(buffer: Buffer, from: number, to: number, start: number): void {
    this.#start = start;
    if (this.#direct.take(buffer, from, to, this.#skips)) return;
    const text = buffer.toString('utf8', from, to);
    const event = eventOfLine(text);
    if (event !== undefined) {
      this.#add(event);
      const run = this.#runs.get(event.runId)?.run;
      if (run !== undefined) this.#direct.learn(buffer, from, to, event.event, run);
    } else if (text.trim() !== '') {
      this.#otherLines += 1;
      this.#version += 1;
    }
  }

  event(event: TrainscopeEvent): void {
    this.#start = 0;
    this.#add(event);
  }

  #add(event: TrainscopeEvent): void {
    const { runId, seq } = event;
    let gathered = this.#runs.get(runId);
    if (gathered === undefined) {
      gathered = { run: new RunGatherer(runId), superseded: 0, seq: 0 };
      this.#runs.set(runId, gathered);
    }
    const before = gathered.seq;
    if (this.#skips(gathered.run, seq)) return;
    const until = event.event === 'resume' ? numberIn(event.data['seq']) : undefined;
    if (until !== undefined && before > until) this.#stale = true;
    gathered.run.add(event);
  }

  #isSuperseded(runId: string, seq: number): boolean {
    return (this.#options.cuts ?? []).some((cut) => cut.runId === runId && this.#start < cut.start && seq > cut.above);
  }

  /** @param firstKey Of the first run, when runs of several logs stand side by side. */
  runs(firstKey = 0): readonly RunModel[] {
    const { source, live = false, run = 'all' } = this.#options;
    const wanted = [...this.#runs.values()].filter((each) => run === 'all' || each === this.#newest);
    return wanted.map((each, i) =>
      each.run.result({
        key: `run${String(firstKey + i + 1)}`,
        name: wanted.length === 1 ? source : `${source}, ${each.run.runId}`,
        otherLines: this.#otherLines,
        superseded: each.superseded,
        // Of several runs in a log the earlier ones are over.
        live: live && each === this.#newest,
      }),
    );
  }

  model(): ReportModel {
    return reportOf(this.#options.title, this.runs());
  }
}

/** Runs side by side. */
export const reportOf = (title: string, runs: readonly RunModel[]): ReportModel => ({ format: 1, title, made: Date.now(), runs, comparison: compareRuns(runs) });
