import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Lines as the real nvidia-smi prints them for the fields and the format that are asked for. */
export const smiLine = (values: Partial<Record<'index' | 'uuid' | 'utilization' | 'memory' | 'used' | 'total' | 'power' | 'temperature' | 'clock' | 'mig' | 'name', string | number>> = {}): string => {
  const { index = 0, uuid = `GPU-${String(index)}`, utilization = 50, memory = 20, used = 1024, total = 24576, power = '120.50', temperature = 60, clock = 1800, mig = '[N/A]', name = 'NVIDIA GeForce RTX 4090' } = values;
  return ['2026/01/31 12:00:00.123', index, uuid, utilization, memory, used, total, power, temperature, clock, mig, name].join(', ');
};

/** A folder with an executable named nvidia-smi in it; its body is the rest of a Node.js or sh script. */
export class StandIn {
  readonly folder = mkdtempSync(join(tmpdir(), 'nvidia-smi-'));
  readonly path = join(this.folder, 'nvidia-smi');
  readonly #pidFile = join(this.folder, 'pid');
  readonly #argumentsFile = join(this.folder, 'arguments');

  constructor(body: string, shell: 'node' | 'sh' = 'node') {
    const head =
      shell === 'node'
        ? `#!/usr/bin/env node\nconst fs = require('node:fs');\nfs.writeFileSync(${JSON.stringify(this.#argumentsFile)}, JSON.stringify(process.argv.slice(2)));\nfs.writeFileSync(${JSON.stringify(this.#pidFile)}, String(process.pid));\n`
        : `#!/bin/sh\necho $$ > '${this.#pidFile}'\n`;
    writeFileSync(this.path, `${head}${body}\n`);
    chmodSync(this.path, 0o755);
  }

  /** Prints these lines, again and again. */
  static repeating(...lines: readonly string[]): StandIn {
    return new StandIn(`setInterval(() => process.stdout.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(''))}), 20);`);
  }

  /** Prints these lines once, and stays. */
  static once(...lines: readonly string[]): StandIn {
    return new StandIn(`fs.writeSync(1, ${JSON.stringify(lines.map((line) => `${line}\n`).join(''))}); fs.writeFileSync(__filename + '.printed', ''); setInterval(() => {}, 1000);`);
  }

  /** Waits until one that prints once has done so, and what it printed has been read. */
  async printed(): Promise<void> {
    await until(() => existsSync(`${this.path}.printed`));
    // It lies in the pipe: a turn of the event loop reads it, and a few more do no harm.
    await wait(20);
  }

  /** A PATH on which this one is found first (and node, which it needs, after it). */
  get searchPath(): string {
    return `${this.folder}:${process.env['PATH'] ?? ''}`;
  }

  get arguments(): readonly string[] {
    return JSON.parse(readFileSync(this.#argumentsFile, 'utf8')) as string[];
  }

  async pid(): Promise<number> {
    await until(() => existsSync(this.#pidFile) && readFileSync(this.#pidFile, 'utf8').trim() !== '');
    return Number(readFileSync(this.#pidFile, 'utf8'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until it is so; a test that it never becomes true for fails after 20 s. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 1000) throw new Error(`waited 20 s for ${isSo.toString()}`);
    await wait(20);
  }
}

/** Whether a process has ended. One that has, and that nobody has asked about (a zombie), has ended too. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform === 'linux';
  }
}
