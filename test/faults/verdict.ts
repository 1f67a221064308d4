import { gravityOf } from './gravity.js';
import { endLeaks, faults } from './faults/index.js';
import { recipeOf, type Job } from './jobs.js';
import { look } from './look.js';
import { setups } from './setups/index.js';

/** What a job came to, as plain data. */
export interface Verdict {
  readonly job: Job;
  /** A warning or an error names the true cause. Of healthy jobs: null. */
  readonly found: boolean | null;
  /** The first finding of all names it. Of healthy jobs: null. */
  readonly top: boolean | null;
  /** The rule that stands on top, of warnings and errors; null for none. */
  readonly topRule: string | null;
  /** The step at which the true cause was told first: 0 before the training. */
  readonly step: number | null;
  /** Rules of warnings and errors after consolidation, the gravest first. */
  readonly rules: readonly string[];
  /** All messages of these. */
  readonly messages: readonly string[];
  /** Rules of all findings with their severities, before consolidation. */
  readonly all: readonly string[];
  readonly score: number;
  readonly reachesReference: boolean;
  readonly steps: number;
  readonly seconds: { readonly preflight: number; readonly training: number };
  readonly broke: string | null;
}

/**
 * Looks at the training of a job, and holds what was found to the truth.
 * @param train Faulty ones too: whether a training is healthy, only its end says.
 */
export async function judge(job: Job, { milliseconds = 6000, train = true } = {}): Promise<Verdict> {
  const { score, reference } = setups[job.setup];
  const { seen, causes, score: reached, steps, seconds, broke } = await look(recipeOf(job), { milliseconds, train: train || job.type === 'healthy', score });
  endLeaks();
  const truth = job.type === 'fault' ? (faults.find(({ kind }) => kind === job.kind)?.causes ?? []) : [];
  const grave = seen.filter(({ finding }) => gravityOf(finding) < 2);
  const hits = grave.filter(({ finding }) => truth.includes(finding.rule));
  const told = causes.filter((each) => gravityOf(each) < 2);
  const topRule = told[0]?.rule ?? null;
  return {
    job,
    found: job.type === 'fault' ? hits.length > 0 : null,
    top: job.type === 'fault' ? topRule !== null && truth.includes(topRule) : null,
    topRule,
    step: hits.length === 0 ? null : Math.min(...hits.map(({ step }) => step)),
    rules: told.map(({ rule }) => rule),
    messages: told.map(({ rule, message }) => `${rule}: ${message}`),
    all: [...new Set(seen.map(({ finding, step }) => `${finding.rule} ${finding.severity}${step === 0 ? '' : ` at ${String(step)}`}`))],
    score: reached,
    reachesReference: reached >= reference,
    steps,
    seconds,
    broke,
  };
}
