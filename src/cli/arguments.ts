import { InvalidArgumentError, Option } from 'commander';

/** Parsers of what commands are given. What they throw, commander puts behind the name of the option. */

export const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It takes a number above 0.');
  return value;
};

export const whole = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It takes a whole number.');
  return value;
};

export const count = (text: string): number => {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError('It takes a whole number of at least 1.');
  return value;
};

/** For an option that may stand several times: all that it was given. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export type FailOn = 'error' | 'warning' | 'never';

/** @param preset What holds where it is not given. */
export const failOnOption = (preset: FailOn): Option => new Option('--fail-on <severity>', 'end with code 1 when a finding is that grave, or graver').choices(['error', 'warning', 'never']).default(preset);

export const configOption = (): Option => new Option('-c, --config <file>', 'settings in YAML or JSON, over those of the script');
export const setOption = (): Option => new Option('--set <path=value>', 'one setting, over those of the file; may be repeated').argParser(collect).default([], 'none');
export const jsonOption = (): Option => new Option('--json', 'print one JSON document on stdout, and nothing else there');
