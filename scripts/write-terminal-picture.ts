/**
 * Writes docs/images/terminal.svg and docs/images/check.svg: what commands that are really run here print. Lines that are
 * longer than the picture is wide are broken between words; nothing else is changed.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { terminalSvg, type TerminalLine } from './docs/terminal-svg.js';

interface Picture {
  readonly file: string;
  readonly title: string;
  readonly commands: readonly string[];
  readonly columns: number;
}

const pictures: readonly Picture[] = [
  {
    file: 'docs/images/terminal.svg',
    title: 'Two trainings in a terminal. With sigmoid the accuracy stays at 0.1, and a finding says that the gradients vanish and what to change. With ReLU there are no findings.',
    commands: ['tsx examples/vanishing-gradients/train.ts --activation sigmoid', 'tsx examples/vanishing-gradients/train.ts --activation relu'],
    // The table of the results is 88 columns wide.
    columns: 90,
  },
  {
    file: 'docs/images/check.svg',
    title: 'The command trainscope check on two trainings with a bug. Of the first it says that the labels come one sample too early, of the second that samples of a batch see each other, each with its numbers and what to change.',
    commands: ['trainscope check examples/broken/labels-off-by-one.ts', 'trainscope check examples/broken/samples-mixed.ts'],
    columns: 102,
  },
];

/** Runs a command of the project. A check that finds something ends with code 1: that is what is shown. */
function output(command: string): string {
  const [name = '', ...args] = command.split(' ');
  const [program, before] = name === 'trainscope' ? [process.execPath, ['bin/trainscope.js']] : ['npx', ['--no-install', name]];
  try {
    return execFileSync(program, [...before, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    const { status, stdout } = error as { readonly status?: number; readonly stdout?: string };
    if (name !== 'trainscope' || status !== 1 || stdout === undefined) throw error;
    return stdout;
  }
}

mkdirSync('docs/images', { recursive: true });
for (const { file, title, commands, columns } of pictures) {
  const lines = commands.flatMap((command, i): TerminalLine[] => {
    const printed = output(command).trimEnd().split('\n').map((text): TerminalLine => ({ kind: 'output', text }));
    return [...(i === 0 ? [] : [{ kind: 'output', text: '' } as const]), { kind: 'command', text: `npx ${command}` }, ...printed];
  });
  writeFileSync(file, terminalSvg({ title, lines, columns }));
}
