import type { Command, Option } from 'commander';
import type { Suggestion } from './complete-setting.js';

/** What a shell is to do with an answer, as in cobra (completions.go): a sum of these. */
const directive = { noSpace: 2, noFiles: 4, extensions: 8, folders: 16, files: 0 } as const;

interface Answer {
  readonly suggestions: readonly Suggestion[];
  readonly directive: number;
}

const scripts = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'];
const configs = ['yaml', 'yml', 'json'];
const filesOf = (extensions: readonly string[]): Answer => ({ suggestions: extensions.map((value) => ({ value, description: '' })), directive: directive.extensions });
const anyFile: Answer = { suggestions: [], directive: directive.files };
const folders: Answer = { suggestions: [], directive: directive.folders };
const words = (values: readonly string[]): Answer => ({ suggestions: values.map((value) => ({ value, description: '' })), directive: directive.noFiles });

/** What stands in a command's places: an argument of a command, or the value of an option. */
async function valuesFor(command: string, what: string, typed: string): Promise<Answer> {
  if (what === '--set') return settings(typed);
  if (what === '--only' || what === '--skip') return checkNames(typed);
  if (what === '--config') return filesOf(configs);
  if (what === '--out' || what === '--resume' || (command === 'init' && what === 'folder')) return folders;
  if (what === 'script') return filesOf(scripts);
  if (command === 'plugins' && what === 'name') {
    const { pluginSuggestions } = await import('./complete-setting.js');
    return { suggestions: pluginSuggestions(), directive: directive.noFiles };
  }
  if (what === '--log') return { suggestions: 'stdout'.startsWith(typed) ? [{ value: 'stdout', description: 'pipe them on' }] : [], directive: directive.files };
  return ['logs', '--output', '--contact-sheet', 'arguments', '--trainscope'].includes(what) ? anyFile : words([]);
}

/** No space behind what goes on: `plugins.`, `fit.epochs=`. */
async function settings(typed: string): Promise<Answer> {
  const { completeSetting } = await import('./complete-setting.js');
  const suggestions = completeSetting(typed);
  return { suggestions, directive: suggestions.some(({ value }) => /[.=]$/.test(value)) ? directive.noFiles + directive.noSpace : directive.noFiles };
}

async function checkNames(typed: string): Promise<Answer> {
  const { checkNames: names } = await import('../diagnosis/preflight/preflight.js');
  const before = typed.slice(0, typed.lastIndexOf(',') + 1);
  return words(names.filter((name) => !before.split(',').includes(name)).map((name) => `${before}${name}`));
}

const takesValue = ({ required, optional }: Option): boolean => required || optional;
const optionNamed = (command: Command, program: Command, word: string): Option | undefined => [...command.options, ...program.options].find(({ short, long }) => word === short || word === long);

/**
 * The answer for the words behind `trainscope`, of which the last one is being typed: a suggestion a line with its
 * description behind a tab, then what the shell is to do with them.
 */
export async function completeWords(program: Command, given: readonly string[]): Promise<string> {
  const typed = given.at(-1) ?? '';
  const { suggestions, directive: told } = await answer(program, given.slice(0, -1), typed);
  const isFilter = told === directive.extensions || told === directive.folders;
  const shown = isFilter ? suggestions : suggestions.filter(({ value }) => value.startsWith(typed.startsWith('--') && typed.includes('=') ? typed.slice(typed.indexOf('=') + 1) : typed));
  return `${shown.map(({ value, description }) => `${value}\t${description}\n`).join('')}:${String(told)}\n`;
}

async function answer(program: Command, before: readonly string[], typed: string): Promise<Answer> {
  let command: Command | undefined;
  let places = 0;
  let awaited: Option | undefined;
  for (const word of before) {
    if (awaited !== undefined) awaited = undefined;
    else if (word === '--') return anyFile;
    else if (word.startsWith('-')) {
      const option = optionNamed(command ?? program, program, word);
      awaited = option !== undefined && takesValue(option) ? option : undefined;
    } else if (command === undefined) command = program.commands.find((each) => each.name() === word || each.aliases().includes(word)) ?? program;
    else places += 1;
  }
  if (awaited !== undefined) return ofOption(command ?? program, awaited, typed);
  const [flag = '', value] = typed.startsWith('--') ? typed.split(/=(.*)/s) : [];
  const assigned = value === undefined ? undefined : optionNamed(command ?? program, program, flag);
  if (assigned !== undefined && takesValue(assigned)) return ofOption(command ?? program, assigned, value ?? '');
  if (typed.startsWith('-')) return { suggestions: flags(command ?? program, program), directive: directive.noFiles };
  if (command === undefined || command === program) return commands(program);
  return ofArgument(command, program, places, typed);
}

function commands(program: Command): Answer {
  const visible = program.createHelp().visibleCommands(program);
  return { suggestions: visible.map((each) => ({ value: each.name(), description: each.summary() || each.description() })), directive: directive.noFiles };
}

const flags = (command: Command, program: Command): readonly Suggestion[] =>
  [...new Set([...command.options, ...(command === program ? [] : program.options.filter(({ long }) => long === '--no-color'))])].flatMap(({ long, description, hidden }) => (typeof long !== 'string' || hidden ? [] : [{ value: long, description }])).concat({ value: '--help', description: 'how it is used' });

async function ofOption(command: Command, option: Option, typed: string): Promise<Answer> {
  return option.argChoices === undefined ? valuesFor(command.name(), option.long ?? '', typed) : words(option.argChoices);
}

async function ofArgument(command: Command, program: Command, place: number, typed: string): Promise<Answer> {
  if (command.name() === 'help') return commands(program);
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[place] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return words([]);
  return argument.argChoices === undefined ? valuesFor(command.name(), argument.name(), typed) : words(argument.argChoices);
}
