import { z } from 'zod';
import { ConfigError, DataError, PluginError, type TrainscopeError } from '../../errors.js';
import { listProblems, problemsOf } from '../../problems.js';
import { RandomStreams } from '../../random/index.js';
import { consolidate } from '../consolidate.js';
import { type Finding } from '../finding.js';
import type { Check, Stage } from './check.js';
import { dataChecks } from './data/index.js';
import type { Experiment } from './experiment.js';
import { Lab, labDefaults } from './lab.js';
import { modelChecks } from './model/index.js';
import { pageOf } from './page.js';
import { runCheck } from './run-check.js';
import { trainingChecks } from './training/index.js';

/** All checks, in the order in which they run. */
export const checks: readonly Check[] = [...dataChecks, ...modelChecks, ...trainingChecks];
export const checkNames: readonly string[] = checks.map(({ name }) => name);

const checkName = z.string().refine((name) => checkNames.includes(name), { error: ({ input }) => `there is no check "${String(input)}"; there are ${checkNames.join(', ')}` });

export const preflightSchema = z.strictObject({
  only: z.array(checkName).optional().describe('Names of the checks to run. Default: all.'),
  skip: z.array(checkName).default([]).describe('Names of checks to leave out.'),
  samples: z.int().min(8).default(labDefaults.samples).describe('Samples of each source that are looked at, at most. 4096 give a share of 1% a standard error of 0.16%.'),
  seconds: z.number().positive().default(labDefaults.milliseconds / 1000).describe('Time after which checks that train are left out; the one under way is ended.'),
  contactSheet: z.boolean().default(false).describe('Make a page that shows a batch as the model sees it, with labels and predictions, and charts of what was measured.'),
  seed: z.int().default(labDefaults.seed).describe('Of all that is random in the checks: the same seed, the same findings.'),
});
export type PreflightOptions = z.input<typeof preflightSchema>;

/** What a check came to. */
export interface CheckRecord {
  readonly name: string;
  readonly stage: Stage;
  readonly ms: number;
  readonly measured: Readonly<Record<string, unknown>>;
  readonly cannotTell: string | null;
  readonly findings: number;
}

export interface PreflightResult {
  /** One for each root cause, with its symptoms in the evidence; the gravest first. */
  readonly findings: readonly Finding[];
  /** As the checks gave them. */
  readonly all: readonly Finding[];
  readonly checks: readonly CheckRecord[];
  /** HTML in one file, where it was asked for and the training could be opened. */
  readonly contactSheet: string | null;
  readonly ms: number;
}

/** What a person cannot mend in the training: no backend, a check that fails. */
const isTheirs = (error: unknown): error is TrainscopeError => error instanceof ConfigError || error instanceof DataError || (error instanceof PluginError && error.code === 'PLUGIN_REQUIRES');

/** What would end the training at its start, as a finding: `data-not-finite` for DATA_NOT_FINITE. */
const findingOf = ({ code, found, expected, remedy }: TrainscopeError): Finding => ({
  rule: code.toLowerCase().replaceAll('_', '-'),
  severity: 'error',
  where: {},
  message: expected === undefined ? found : `${found}; ${expected}`,
  evidence: { code },
  remedy: remedy ?? '',
  docs: `errors.md#${code.toLowerCase()}`,
});

/** Runs `body` with a Math.random of its own, so that looking draws nothing from the numbers of the training. */
export async function withOwnRandom<T>(seed: number, body: () => Promise<T>): Promise<T> {
  const original = Math.random;
  const stream = new RandomStreams(seed).derive('preflight/math-random');
  Math.random = () => stream.float();
  try {
    return await body();
  } finally {
    Math.random = original;
  }
}

/**
 * Looks at data, model and loss before a training, and trains on copies for a bounded number of steps. The model and the
 * optimizer are left as they were, to the bit; a model given as a function is made anew and ended.
 *
 * What makes a training impossible (a DataError, a ConfigError) is the one finding then, and not thrown.
 *
 * @param onCheck Called before each check, for whoever shows progress.
 * @throws ConfigError OPTIONS_INVALID for options that are not valid, BackendError; whatever a check of a third party throws
 * @example
 * const { findings } = await preflight({ model: () => build(), loss: 'meanSquaredError', data: { inputs, labels } });
 */
export async function preflight(experiment: Experiment, options: PreflightOptions = {}, onCheck?: (name: string, index: number, of: number) => void): Promise<PreflightResult> {
  const parsed = preflightSchema.safeParse(options);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, preflightSchema, options);
    throw new ConfigError('OPTIONS_INVALID', { found: `options of preflight are not valid: ${listProblems(problems)}`, problems });
  }
  const { only, skip, samples, seconds, seed, contactSheet: wantsSheet } = parsed.data;
  const began = performance.now();
  return withOwnRandom(seed, async () => {
    const all: Finding[] = [];
    const records: CheckRecord[] = [];
    let lab: Lab | undefined;
    let sheet: string | null = null;
    try {
      lab = await Lab.open(experiment, { ...labDefaults, samples, seed, milliseconds: 1000 * seconds });
      const asked = checks.filter(({ name }) => (only === undefined || only.includes(name)) && !skip.includes(name));
      for (const [index, check] of asked.entries()) {
        const { name, stage } = check;
        onCheck?.(name, index, asked.length);
        if (stage === 'training' && lab.isLate) {
          records.push({ name, stage, ms: 0, measured: {}, cannotTell: `the ${String(seconds)} s that the checks may take are over`, findings: 0 });
          continue;
        }
        const start = performance.now();
        const { findings, measured = {}, cannotTell = null } = await runCheck(check, lab);
        all.push(...findings);
        records.push({ name, stage, ms: performance.now() - start, measured, cannotTell, findings: findings.length });
      }
      if (wantsSheet) sheet = await pageOf(lab, records);
    } catch (error) {
      if (!isTheirs(error)) throw error;
      all.push(findingOf(error));
    } finally {
      lab?.close();
    }
    return { findings: consolidate(all), all, checks: records, contactSheet: sheet, ms: performance.now() - began };
  });
}
