import { ReportGatherer, reportOf } from '../gather/report-gatherer.js';
import type { ReportModel, RunModel } from '../model.js';
import { mostRuns } from '../read-report.js';

/** What a dashboard shows: the trainings of a process, one after the other, of which the newest stay. */
export class PageRuns {
  readonly #runs = new Map<string, ReportGatherer>();
  readonly #title: string;
  #begun = 0;
  #versionsBefore = 0;

  constructor(title: string) {
    this.#title = title;
  }

  /** Rises when there is something new. */
  get version(): number {
    return [...this.#runs.values()].reduce((sum, { version }) => sum + version, this.#versionsBefore);
  }

  /** @param text Events of a run, a line each. */
  lines(runId: string, text: string): void {
    let gatherer = this.#of(runId);
    for (const line of text.split('\n')) {
      gatherer.line(line);
      // The run went on from a checkpoint in this process: what it makes again is shown from here on, and once.
      if (gatherer.isStale) {
        gatherer = this.#renew(runId, gatherer);
        gatherer.line(line);
      }
    }
  }

  /** Events were left out. */
  lost(runId: string, count: number): void {
    const event = { v: 1, runId, seq: 0, time: Date.now(), event: 'sink-loss', plugin: null, epoch: 0, step: 0, level: 'warn', data: { sink: 'dashboard', lost: count, since: 0 } };
    this.#of(runId).line(JSON.stringify(event));
  }

  model(): ReportModel {
    const runs = [...this.#runs.values()].reduce<readonly RunModel[]>((all, gatherer) => [...all, ...gatherer.runs(all.length)], []);
    return reportOf(this.#title, runs);
  }

  #of(runId: string): ReportGatherer {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    this.#begun += 1;
    const gatherer = this.#new(this.#begun);
    this.#runs.set(runId, gatherer);
    // The oldest first, as a map keeps the order.
    for (const [id, { version }] of this.#runs) {
      if (this.#runs.size <= mostRuns) break;
      this.#versionsBefore += version + 1;
      this.#runs.delete(id);
    }
    return gatherer;
  }

  #renew(runId: string, before: ReportGatherer): ReportGatherer {
    this.#versionsBefore += before.version;
    const gatherer = this.#new(this.#begun);
    this.#runs.set(runId, gatherer);
    return gatherer;
  }

  #new(number: number): ReportGatherer {
    return new ReportGatherer({ title: this.#title, source: number === 1 ? this.#title : `${this.#title}, ${String(number)}`, live: true });
  }
}
