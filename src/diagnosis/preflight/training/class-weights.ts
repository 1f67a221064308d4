import { resolveClassWeights } from '../../../trainer/class-weights.js';
import { digits, finding, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';

/** How many times more samples, and how many times the weight: less may be a matter of taste, or of what mistakes cost. Chosen here. */
const clear = 2;

/** Samples of each class, by its number: of class numbers, or of one-hot rows. Undefined where labels are neither. */
function countsOf({ values, width }: Column, form: 'indices' | 'one-hot' | undefined): ReadonlyMap<number, number> | undefined {
  const counts = new Map<number, number>();
  const isOneHot = form === 'one-hot' || (form === undefined && width > 1);
  if (isOneHot && width === 1) return undefined;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (!Number.isInteger(value) || value < 0 || (isOneHot && value > 1)) return undefined;
    const key = isOneHot ? i % width : value;
    if (!isOneHot || value === 1) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Class weights that give more to what there is more of: the counts themselves, say, in place of their inverses. */
export function invertedClassWeights(lab: Lab): readonly Finding[] {
  const weights = resolveClassWeights(lab.experiment.fit?.classWeights, lab.loss.outputs) ?? [];
  return weights.flatMap((own, i): Finding[] => {
    const column = lab.training.labels[i];
    const counts = own === undefined || column === undefined ? undefined : countsOf(column, own.form);
    if (own === undefined || counts === undefined) return [];
    const byClass = own.byClass as Readonly<Record<string, number>>;
    const classes = [...counts].map(([name, count]) => ({ name, count, weight: byClass[String(name)] ?? 1 })).toSorted((a, b) => b.count - a.count);
    const [most, least] = [classes[0], classes.at(-1)];
    if (most === undefined || least === undefined || most.count < clear * least.count || most.weight < clear * least.weight) return [];
    // Of several classes, most have to go the same way: no pair of which the rarer one is weighed clearly up.
    if (classes.some((a, at) => classes.slice(at + 1).some((b) => b.weight > clear * a.weight))) return [];
    const output = lab.loss.outputs[i]?.output.name ?? '';
    return [
      finding({
        rule: 'class-weights-inverted',
        severity: 'warning',
        where: { layer: output },
        message: `class ${String(most.name)} has ${digits(most.count / least.count)} times the samples of class ${String(least.name)}, and ${digits(most.weight / least.weight)} times its weight: class weights make what is rare rarer still`,
        evidence: { output, classes },
        remedy: `Turn the weights round: samples / (classes x samples of the class), so ${classes.slice(0, 10).map(({ name, count }) => `${String(name)}: ${digits(classes.reduce((sum, each) => sum + each.count, 0) / (classes.length * count))}`).join(', ')}.`,
      }),
    ];
  });
}
