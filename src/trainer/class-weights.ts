import * as tf from '@tensorflow/tfjs-core';
import { classSampleWeights, type ClassWeights } from '../data/index.js';
import type { BatchData } from '../plugin/hooks.js';
import type { OutputLoss } from './loss/index.js';
import { problemsError, throwProblems, unknownName, type CodedProblem } from './spec-problems.js';

/** Weight of each class by its number: of every output of classes, or by the outputs' names. */
export type ClassWeightsOption = Readonly<Record<string, number | Readonly<Record<string, number>>>>;
type ByClass = Readonly<Record<string, number>>;
type ByOutput = Readonly<Record<string, ByClass>>;

/** The weights of each output in the model's order; undefined where there are none. */
export type OutputClassWeights = readonly (OwnWeights | undefined)[];

/** What one output's labels are weighed by; `form` where its loss says what they are. */
interface OwnWeights {
  readonly byClass: ClassWeights;
  readonly form: 'indices' | 'one-hot' | undefined;
}

const isByOutput = (given: ClassWeightsOption): given is ByOutput => Object.values(given).every((each) => typeof each === 'object');
const isByClass = (given: ClassWeightsOption): given is ByClass => Object.values(given).every((each) => typeof each === 'number');

/** Whether the labels of an output number classes, or are one-hot rows. A custom loss may take such. */
const hasClasses = ({ form, values, custom, output }: OutputLoss): boolean => form === 'class' || form === 'distribution' || custom || (values === 'probability' && output.shape?.at(-1) === 1);

/** Class numbers of several time steps, [batch, time], look like one-hot rows: the loss knows. */
const formOf = ({ form }: OutputLoss): OwnWeights['form'] => (form === 'class' ? 'indices' : form === 'distribution' ? 'one-hot' : undefined);

/**
 * Finds the outputs that class weights go to. A record by class goes to all outputs of classes: a number that is
 * measured has no class, and neither has a sample with several labels.
 *
 * @throws ConfigError OPTION_UNKNOWN for an output that the model does not have; OPTIONS_INVALID where no output, or not the named
 *   one, has classes, or has fewer
 */
export function resolveClassWeights(given: ClassWeightsOption | undefined, outputs: readonly OutputLoss[]): OutputClassWeights | undefined {
  if (given === undefined) return undefined;
  if (!isByOutput(given) && !isByClass(given)) {
    throw problemsError('options of fit are', [{ code: 'OPTIONS_INVALID', path: ['classWeights'], message: 'weights by class and by output do not go together; by output they are { output: { class: weight } }' }]);
  }
  const problems: CodedProblem[] = [];
  const names = outputs.map(({ output }) => output.name);
  const byOutput = isByOutput(given) && !isByClass(given) ? given : undefined;
  const unknown = Object.keys(byOutput ?? {}).filter((name) => !names.includes(name));
  problems.push(...unknown.map((name) => unknownName('OPTION_UNKNOWN', 'output', name, names, ['classWeights', name])));
  const weights = outputs.map((loss) => {
    const own = byOutput === undefined ? (hasClasses(loss) ? (given as ByClass) : undefined) : byOutput[loss.output.name];
    if (own !== undefined) problems.push(...problemsOf(loss, own, byOutput === undefined ? ['classWeights'] : ['classWeights', loss.output.name]));
    return own === undefined ? undefined : { byClass: own, form: formOf(loss) };
  });
  throwProblems('options of fit are', problems);
  if (weights.some((each) => each !== undefined)) return weights;
  const message = `the labels of ${outputs.map(({ output, name }) => `output "${output.name}" (${name})`).join(', ')} are no class numbers or one-hot rows; give sampleWeights with the data instead`;
  throw problemsError('options of fit are', [{ code: 'OPTIONS_INVALID', path: ['classWeights'], message }]);
}

function problemsOf(loss: OutputLoss, weights: ByClass, path: readonly string[]): CodedProblem[] {
  if (!hasClasses(loss)) return [{ code: 'OPTIONS_INVALID', path, message: `the labels of ${loss.name} are no class numbers or one-hot rows; give sampleWeights with the data instead` }];
  const width = loss.custom ? undefined : loss.output.shape?.at(-1);
  if (width === undefined || width === null) return [];
  const classes = width === 1 ? 2 : width;
  return Object.keys(weights)
    .filter((key) => Number(key) >= classes)
    .map((key) => ({ code: 'OPTIONS_INVALID', path: [...path, key], message: `output "${loss.output.name}" has ${String(classes)} classes, 0 to ${String(classes - 1)}` }));
}

/** Class weights as sample weights, times those of the data; taken of the labels that the loss will see. New tensors are the caller's to end. */
export function withClassWeights(batch: BatchData, weights: OutputClassWeights | undefined): BatchData {
  if (weights === undefined) return batch;
  const sampleWeights = batch.labels.map((labels, i): tf.Tensor => {
    const [own, given] = [weights[i], batch.sampleWeights?.[i]];
    return own === undefined ? (given ?? tf.ones([batch.size])) : classSampleWeights(labels, own.byClass, given, own.form);
  });
  return { ...batch, sampleWeights };
}
