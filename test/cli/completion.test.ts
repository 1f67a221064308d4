import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completeWords } from '../../src/cli/complete-words.js';
import { completionScript } from '../../src/cli/completion-script.js';
import { commandLine } from '../../src/cli/main.js';
import { root } from './project-folder.js';
import { trainscope } from './trainscope.js';

/** The values that are offered, and what the shell is to do with them. */
async function offered(...words: readonly string[]): Promise<{ readonly values: readonly string[]; readonly directive: string }> {
  const lines = (await completeWords(commandLine(), words)).trimEnd().split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0] ?? ''), directive: lines.at(-1) ?? '' };
}

describe('what may follow', () => {
  test.each([
    ['a command', ['tr'], ['train'], ':4'],
    ['an option', ['train', 'x.ts', '--se'], ['--set', '--seed'], ':4'],
    ['a choice', ['train', 'x.ts', '--fail-on', 'w'], ['warning'], ':4'],
    ['a choice behind =', ['train', '--fail-on=w'], ['warning'], ':4'],
    ['a setting, and no space behind it', ['train', '--set', 'fit.ep'], ['fit.epochs='], ':6'],
    ['a plugin behind plugins.', ['train', '--set', 'plugins.gradientN'], ['plugins.gradientNorm.'], ':6'],
    ['an option of a plugin', ['check', '--set', 'plugins.earlyStopping.pat'], ['plugins.earlyStopping.patience='], ':6'],
    ['the values of a setting', ['train', '--set', 'plugins.earlyStopping.mode=m'], ['plugins.earlyStopping.mode=min', 'plugins.earlyStopping.mode=max'], ':4'],
    ['a plugin on or off', ['train', '--set', 'plugins.diagnosis='], ['plugins.diagnosis=true', 'plugins.diagnosis=false'], ':4'],
    ['a plugin of the command plugins', ['plugins', 'weightN'], ['weightNorm'], ':4'],
    ['a shell', ['completion', 'f'], ['fish'], ':4'],
    ['a command behind help', ['help', 'comp'], ['compare', 'completion'], ':4'],
    ['a second check', ['check', '--only', 'loss-fit,input-sc'], ['loss-fit,input-scale'], ':4'],
    ['scripts by their extensions', ['train', ''], ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'], ':8'],
    ['config files', ['train', 'x.ts', '--config', 'r'], ['yaml', 'yml', 'json'], ':8'],
    ['folders', ['train', 'x.ts', '--resume', ''], [], ':16'],
    ['any file for a log', ['report', 'a.ndjson', ''], [], ':0'],
    ['any file for what the script is given', ['train', 'x.ts', '--', '--'], [], ':0'],
    ['nothing behind a number', ['train', '--epochs', ''], [], ':4'],
    ['nothing below what is no setting', ['train', '--set', 'nothing.here.'], [], ':4'],
  ] as const)('%s', async (_, words, values, directive) => {
    expect(await offered(...words)).toEqual({ values, directive });
  });
});

/** The shells ask `trainscope` on the PATH: here a script that runs the one of this project. */
const bin = mkdtempSync(join(tmpdir(), 'trainscope-completion-'));
afterAll(() => rmSync(bin, { recursive: true }));
beforeAll(() => {
  const command = join(bin, 'trainscope');
  writeFileSync(command, `#!/bin/sh\ncd "${root}" && exec "${process.execPath}" bin/trainscope.js "$@"\n`);
  chmodSync(command, 0o755);
});
const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const library = ['/usr/share/bash-completion/bash_completion', '/opt/homebrew/etc/profile.d/bash_completion.sh'].find((path) => existsSync(path));

describe('the scripts', () => {
  test.skipIf(!has('bash') || library === undefined)('bash completes with it, read twice', () => {
    const script = join(bin, 'completion.bash');
    writeFileSync(script, completionScript('bash'));
    const ask = (line: string): readonly string[] =>
      execFileSync('bash', ['--norc', '-c', `source "$1"; source "$2"; source "$2"; COMP_LINE="$3"; COMP_POINT=\${#COMP_LINE}; COMP_TYPE=9; read -ra COMP_WORDS <<< "$3"; [[ "$3" == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); __trainscope_complete; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', library ?? '', script, line], { encoding: 'utf8', env, cwd: root })
        .trim()
        .split('\n')
        .map((each) => each.trim());
    expect(ask('trainscope tra')).toEqual(['train']);
    expect(ask('trainscope train --set plugins.gradientNorm.ev')).toEqual(['plugins.gradientNorm.every=']);
  });

  test.skipIf(!has('fish'))('fish completes with it', () => {
    const script = join(bin, 'completion.fish');
    writeFileSync(script, completionScript('fish'));
    const ask = (line: string): string => execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], { encoding: 'utf8', env: { ...env, HOME: bin }, cwd: root });
    expect(ask('trainscope tra')).toBe('train\trun a training\n');
  });

  test.skipIf(!has('zsh'))('zsh reads it, and defines the function that it completes with', () => {
    const script = join(bin, '_trainscope');
    writeFileSync(script, completionScript('zsh'));
    expect(execFileSync('zsh', ['-f', '-c', `autoload -U compinit; compinit -u -d ${join(bin, 'dump')}; source ${script}; print $_comps[trainscope]; whence -w _trainscope`], { encoding: 'utf8', env }).trim()).toBe('_trainscope\n_trainscope: function');
  });

  test('the command prints it, and refuses another shell', async () => {
    const [bash, other] = await Promise.all([trainscope('completion', 'bash'), trainscope('completion', 'tcsh')]);
    expect(bash.stdout).toBe(completionScript('bash'));
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('Allowed choices are bash, zsh, fish, powershell');
  });
});
