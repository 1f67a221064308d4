import Table from 'cli-table3';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { real } from '../events/index.js';
import { shortNumber } from './progress.js';
import type { FitResult } from './trainer.js';

/** The gravest are told first. */
const gravities = ['error', 'warning', 'info'];
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);

const metrics = z.record(z.string(), real);
/** What is told of a result. */
const told = z.object({
  reason: z.string(),
  stoppedBy: z.string().nullable(),
  message: z.string(),
  steps: real,
  milliseconds: real,
  history: z.array(z.object({ epoch: real, metrics, validation: metrics.nullable(), learningRate: real, steps: real, milliseconds: real })),
  findings: z.array(z.object({ severity: z.string(), rule: z.string(), message: z.string(), remedy: z.string() })),
});

/**
 * The result of a fit as text for a terminal: a line for each complete epoch, why it ended, and what was found.
 * @throws ConfigError OPTIONS_INVALID for what is no result of a fit
 */
export function formatSummary(result: FitResult): string {
  const { history, findings, reason, stoppedBy, message, steps, milliseconds } = checkArgument('the parts of the result', told, result);
  const names = [...new Set(history.flatMap(({ metrics }) => Object.keys(metrics)))];
  const validated = [...new Set(history.flatMap(({ validation }) => Object.keys(validation ?? {})))];
  const table = new Table({
    head: ['epoch', ...names, ...validated.map((name) => `val_${name}`), 'learning rate', 'steps', 'seconds'],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', ...names.map(() => 'right' as const), ...validated.map(() => 'right' as const), 'right', 'right', 'right'],
  });
  const own = (of: Readonly<Record<string, number>>, name: string): number | undefined => (Object.hasOwn(of, name) ? of[name] : undefined);
  const cell = (value: number | undefined): string => (value === undefined ? '-' : shortNumber(value));
  for (const { epoch, metrics, validation, learningRate, steps: epochSteps, milliseconds: took } of history) {
    table.push([String(epoch), ...names.map((name) => cell(own(metrics, name))), ...validated.map((name) => cell(own(validation ?? {}, name))), shortNumber(learningRate), String(epochSteps), seconds(took)]);
  }
  const why = `${reason}${stoppedBy === null ? '' : ` by ${stoppedBy}`}${message === '' ? '' : `: ${message}`}`;
  const lines = findings.length === 0 ? ['no findings'] : [...findings].sort((a, b) => gravities.indexOf(a.severity) - gravities.indexOf(b.severity)).map(({ severity, rule, message: what, remedy }) => `${severity} ${rule}: ${what}\n  ${remedy}`);
  return [history.length === 0 ? 'no epoch was completed' : table.toString(), `${why}; ${String(steps)} steps in ${seconds(milliseconds)} s`, ...lines].join('\n');
}
