import type { ConfigProblem } from '../../errors.js';
import { problemsOf, showValue } from '../../problems.js';
import { unknownName, type CodedProblem } from '../spec-problems.js';
import { defaultDelta, definitionOf, knownLossNames, lossConfigSchema, lossNamed, type LossConfig, type LossName } from './loss-names.js';
import type { LossFunction, OutputLoss, OutputSpec } from './loss.js';

/** A loss of one output: a name, a name with options, or a function. The bare string type keeps names from files welcome. */
export type LossEntry = LossName | (string & {}) | LossConfig | LossFunction;

/** A loss by name with all its options, or the problems that show without a model. */
export function checkLossEntry(
  entry: unknown,
  path: ConfigProblem['path'],
): { readonly config: { readonly name: LossName; readonly fromLogits: boolean; readonly delta: number } } | { readonly problems: readonly CodedProblem[] } {
  const given = typeof entry === 'string' ? { name: entry } : entry;
  if (typeof given !== 'object' || given === null) {
    const message = `${given === undefined ? 'missing' : `found ${showValue(given)}`}, expected a name such as "meanSquaredError", { name, ... } with options, or a function (labels, predictions) => loss`;
    return { problems: [{ code: 'OPTIONS_INVALID', path, message }] };
  }
  const parsed = lossConfigSchema.safeParse(given);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, lossConfigSchema, given);
    return { problems: problems.map((problem) => ({ ...problem, path: [...path, ...problem.path], code: 'OPTIONS_INVALID' as const })) };
  }
  const named = lossNamed(parsed.data.name);
  if (named === undefined) return { problems: [unknownName('LOSS_UNKNOWN', 'loss', parsed.data.name, knownLossNames, typeof entry === 'string' ? path : [...path, 'name'])] };
  const config = { ...parsed.data, ...named };
  const definition = definitionOf(named.name);
  const problems: CodedProblem[] = [];
  for (const option of ['fromLogits', 'delta'] as const) {
    if (config[option] !== undefined && config[option] !== false && !definition.options.includes(option)) {
      problems.push({ code: 'OPTIONS_INVALID', path: [...path, option], message: `${named.name} has no option "${option}"` });
    }
  }
  if (parsed.data.fromLogits === false && named.fromLogits === true) {
    problems.push({
      code: 'OPTIONS_INVALID',
      path: [...path, 'fromLogits'],
      message: `"${parsed.data.name}" is from logits by name; use "${named.name}" with fromLogits: false`,
    });
  }
  return problems.length > 0 ? { problems } : { config: { name: named.name, fromLogits: config.fromLogits ?? false, delta: config.delta ?? defaultDelta } };
}

/** A loss made ready for an output, or the problems with it. */
export function resolveLoss(
  entry: LossEntry,
  output: OutputSpec,
  weight: number,
  path: ConfigProblem['path'],
): { readonly loss: OutputLoss } | { readonly problems: readonly CodedProblem[] } {
  if (typeof entry === 'function') {
    const name = entry.name === '' ? 'custom' : entry.name;
    return { loss: { output, name, fn: entry, form: 'free', values: 'any', fromLogits: false, custom: true, weight } };
  }
  const checked = checkLossEntry(entry, path);
  if ('problems' in checked) return checked;
  const { name, fromLogits, delta } = checked.config;
  const definition = definitionOf(name);
  if (definition.needsClasses && output.shape?.at(-1) === 1) {
    const sure = output.activation === 'softmax' ? ' (a softmax over one number is always 1)' : '';
    const message =
      `output "${output.name}" is 1 wide, and ${name} of one class is always 0${sure}; use binaryCrossentropy with one sigmoid ` +
      'for two classes, or give the output one number a class';
    return { problems: [{ code: 'LOSS_OUTPUT_MISMATCH', path, message }] };
  }
  return {
    loss: {
      output,
      name,
      fn: definition.make({ fromLogits, delta }),
      mean: definition.mean?.({ fromLogits }),
      form: definition.form,
      values: definition.values,
      fromLogits,
      custom: false,
      weight,
    },
  };
}
