/**
 * Writes docs/images/terminal.svg: two trainings that are really run here, and what they print. Lines that are longer
 * than the picture is wide are broken between words; nothing else is changed.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { terminalSvg, type TerminalLine } from './docs/terminal-svg.js';

/** The table of the results is 88 columns wide. */
const columns = 90;

const commands = ['tsx examples/vanishing-gradients/train.ts --activation sigmoid', 'tsx examples/vanishing-gradients/train.ts --activation relu'];

const lines = commands.flatMap((command, i): TerminalLine[] => {
  const printed = execFileSync('npx', ['--no-install', ...command.split(' ')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const output = printed.trimEnd().split('\n').map((text): TerminalLine => ({ kind: 'output', text }));
  return [...(i === 0 ? [] : [{ kind: 'output', text: '' } as const]), { kind: 'command', text: `npx ${command}` }, ...output];
});

mkdirSync('docs/images', { recursive: true });
writeFileSync(
  'docs/images/terminal.svg',
  terminalSvg({ title: 'Two trainings in a terminal. With sigmoid the accuracy stays at 0.1, and a finding says that the gradients vanish and what to change. With ReLU there are no findings.', lines, columns }),
);
