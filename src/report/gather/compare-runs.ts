import { compareDecompositions, type Decomposition } from '../../diagnosis/decomposition.js';
import type { Real, RunComparison, RunModel } from '../model.js';

type Leaves = ReadonlyMap<string, string>;

/** Path -> JSON of every setting; a list is one setting, since its places have no names. */
function leavesOf(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) for (const [key, each] of Object.entries(value)) leavesOf(each, path === '' ? key : `${path}.${key}`, into);
  else if (path !== '') into.set(path, JSON.stringify(value));
}

function settingsOf({ configuration, environment }: RunModel): Leaves {
  const leaves = new Map<string, string>();
  // Plugins stand there as a list, and in the surroundings by name.
  const { plugins: _, ...others } = configuration;
  leavesOf(environment === null ? configuration : others, '', leaves);
  if (environment === null) return leaves;
  // Loss and optimizer stand in the configuration.
  const { versions, platform, backend, seed, model, plugins } = environment;
  leavesOf({ versions, platform, backend, seed, model: { kind: model.kind, parameters: model.parameters, trainableParameters: model.trainableParameters } }, 'run', leaves);
  for (const { name, options } of plugins) leavesOf(Object.keys(options).length === 0 ? true : options, `plugins.${name}`, leaves);
  return leaves;
}

type Difference = RunComparison['differences'][number];

/** `plugins.NAME` of an option of a plugin. */
const pluginOf = (path: string): string | undefined => /^plugins\.[^.]+/.exec(path)?.[0];

/** A place on the disk, as JSON. */
const isPlace = (value: string | null): boolean => value !== null && /^"(\/|[A-Za-z]:)/.test(value);

/**
 * Where a run was written says nothing of it, and of a plugin that one run has and another has not its options say no more
 * than that.
 */
function told(differences: readonly Difference[]): readonly Difference[] {
  const apart = new Map<string, Difference>();
  for (const { path, values } of differences) {
    if (pluginOf(path) !== undefined && values.every(isPlace)) continue;
    const plugin = values.includes(null) ? pluginOf(path) : undefined;
    if (plugin === undefined) apart.set(path, { path, values });
    else apart.set(plugin, { path: plugin, values: values.map((value) => (value === null ? null : '"on"')) });
  }
  return [...apart.values()];
}

const decimal = (value: Real): number => Number(value);

/** What two or more runs have otherwise; null for fewer. */
export function compareRuns(runs: readonly RunModel[]): RunComparison | null {
  if (runs.length < 2) return null;
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))];
  const settings = runs.map(settingsOf);
  const paths = [...new Set(settings.flatMap((each) => [...each.keys()]))];
  const rules = [...new Set(runs.flatMap(({ findings }) => findings.map(({ rule }) => rule)))];
  return {
    metrics: names.map((name) => ({ name, values: runs.map(({ metrics }) => (Object.hasOwn(metrics, name) ? (metrics[name] ?? null) : null)) })),
    differences: told(paths.map((path) => ({ path, values: settings.map((each) => each.get(path) ?? null) })).filter(({ values }) => new Set(values).size > 1)),
    findings: rules.map((rule) => ({ rule, severities: runs.map(({ findings }) => findings.find((each) => each.rule === rule)?.severity ?? null) })),
    decomposition: decompositionsOf(runs),
  };
}

function decompositionsOf(runs: readonly RunModel[]): RunComparison['decomposition'] {
  const known = runs.flatMap(({ key, decomposition }) => {
    if (decomposition === null) return [];
    const { total, irreducible, bias, variance, selection, next, advice } = decomposition;
    const parts: Decomposition = { total: decimal(total), irreducible: decimal(irreducible), bias: decimal(bias), variance: variance === null ? null : decimal(variance), selection: selection === null ? null : decimal(selection), next: next as Decomposition['next'], advice };
    return [[key, parts] as const];
  });
  const compared = known.length < 2 ? null : compareDecompositions(Object.fromEntries(known));
  if (compared === null) return null;
  const names = ['total', 'irreducible', 'bias', 'variance', 'selection'] as const;
  // Keys are for the machine: people know the runs by their names.
  const summary = runs.reduce((text, { key, name }) => text.replaceAll(new RegExp(`\\b${key}\\b`, 'g'), () => name), compared.summary);
  return { summary, parts: names.map((part) => ({ part, values: runs.map(({ decomposition }) => decomposition?.[part] ?? null) })) };
}
