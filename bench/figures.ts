/** What every script that measures writes with `--json FILE`: its figures and tables, beside where, with what and when. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname } from 'node:path';

export interface Measured {
  /** Each a number measured in this run. */
  readonly figures: Readonly<Record<string, number>>;
  readonly tables: Readonly<Record<string, unknown>>;
}

const gibibyte = 2 ** 30;

/** The machine, as far as it matters for speed. */
export const describeMachine = (): Readonly<Record<string, string | number>> => {
  const cores = cpus();
  return { system: `${process.platform} ${release()}`, architecture: process.arch, processor: cores[0]?.model ?? 'unknown', cores: cores.length, memoryGiB: Number((totalmem() / gibibyte).toFixed(1)) };
};

const versionOf = (packageFile: URL): string => (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
const installed = (name: string): string => versionOf(new URL(`../node_modules/${name}/package.json`, import.meta.url));

export const describeVersions = (): Readonly<Record<string, string>> => ({
  node: process.version,
  trainscope: versionOf(new URL('../package.json', import.meta.url)),
  ...Object.fromEntries(['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-wasm'].map((name) => [name, installed(name)])),
});

/** Numbers that JSON has no form for are written as the strings that events use: "NaN", "Infinity", "-Infinity". */
const onWire = (_: string, value: unknown): unknown => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);

export function writeFigures(file: string, { figures, tables }: Measured): void {
  mkdirSync(dirname(file), { recursive: true });
  const all = { figures, tables, machine: describeMachine(), versions: describeVersions(), date: new Date().toISOString() };
  writeFileSync(file, `${JSON.stringify(all, onWire, 2)}\n`);
}
