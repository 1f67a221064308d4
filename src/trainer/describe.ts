import { hookNames, type HookName } from '../plugin/hooks.js';
import type { Attached } from '../plugin/runner.js';

/** The loop in words: lines between `{name}` are hooks, which stand in the text where they are called. */
const loopText = `{setup}
load state, open data, check the first batch
{fitStart}
for each epoch:
  {epochStart}
  for each step:
    take the next batches
    {batch}
    forward pass
    {loss}
    backward pass
    {gradients}
    clip, update the weights
    {stepEnd}
    when something is due: one readback
    {measured}
    every n steps, when asked: validate
  validate
  {validationStart}
  {validationEnd}
  {epochEnd}
{fitEnd}
on failure:
  {error}
always, in reverse order:
  {teardown}`;

/** Prints the loop with the plugins in their places. */
export function describeLoop(attached: readonly Attached[]): string {
  const having = (hook: HookName): string[] => {
    const names = attached.filter(({ plugin, bound, disabled }) => !disabled && bound.hooks[hook] !== undefined && (hook !== 'measured' || plugin.needs !== undefined)).map(({ plugin }) => plugin.name);
    return hook === 'teardown' ? names.reverse() : names;
  };
  return loopText
    .split('\n')
    .map((line) => {
      const hook = hookNames.find((name) => line.trim() === `{${name}}`);
      if (hook === undefined) return line;
      const names = having(hook);
      return `${line.replace(/\{.*\}/, hook)}${names.length === 0 ? '' : `: ${names.join(', ')}`}`;
    })
    .join('\n');
}
