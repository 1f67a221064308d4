import type { ConfusionTable, Mark } from '../model.js';
import { listIn, numberIn, textIn, wordsIn } from './wire-event.js';

/** Classes that a table can show: with more its cells are too small to be read. */
const mostClasses = 100;

/** The table of the event `confusion-matrix`; undefined when it holds none, or one that is not square. */
export function confusionOf(data: Readonly<Record<string, unknown>>, { epoch, step }: Mark): ConfusionTable | undefined {
  const counts = listIn(data['matrix']).map((row) => listIn(row).map((value) => numberIn(value) ?? 0));
  if (counts.length === 0 || counts.length > mostClasses || counts.some((row) => row.length !== counts.length)) return undefined;
  const names = listIn(data['names']).map((name) => wordsIn(name));
  return { output: textIn(data['output']) ?? 'output', epoch, step, classes: counts.map((_, i) => names[i] ?? String(i)), counts };
}
