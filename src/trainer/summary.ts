import Table from 'cli-table3';
import { shortNumber } from './progress.js';
import type { FitResult } from './trainer.js';

/** The gravest are told first. */
const gravities = ['error', 'warning', 'info'];
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);

/** The result of a fit as text for a terminal: a line an epoch, why it ended, and what was found. */
export function formatSummary(result: FitResult): string {
  const { history, findings, reason, stoppedBy, message, steps, milliseconds } = result;
  const names = [...new Set(history.flatMap(({ metrics }) => Object.keys(metrics)))];
  const validated = [...new Set(history.flatMap(({ validation }) => Object.keys(validation ?? {})))];
  const table = new Table({
    head: ['epoch', ...names, ...validated.map((name) => `val_${name}`), 'learning rate', 'steps', 'seconds'],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', ...names.map(() => 'right' as const), ...validated.map(() => 'right' as const), 'right', 'right', 'right'],
  });
  const cell = (value: number | undefined): string => (value === undefined ? '-' : shortNumber(value));
  for (const { epoch, metrics, validation, learningRate, steps: epochSteps, milliseconds: took } of history) {
    table.push([String(epoch), ...names.map((name) => cell(metrics[name])), ...validated.map((name) => cell(validation?.[name])), shortNumber(learningRate), String(epochSteps), seconds(took)]);
  }
  const why = `${reason}${stoppedBy === null ? '' : ` by ${stoppedBy}`}${message === '' ? '' : `: ${message}`}`;
  const told = findings.length === 0 ? ['no findings'] : [...findings].sort((a, b) => gravities.indexOf(a.severity) - gravities.indexOf(b.severity)).map(({ severity, rule, message: what, remedy }) => `${severity} ${rule}: ${what}\n  ${remedy}`);
  return [table.toString(), `${why}; ${String(steps)} steps in ${seconds(milliseconds)} s`, ...told].join('\n');
}
