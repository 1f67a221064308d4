import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { ConfigError, type ErrorFacts } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import type { ConfigCode } from './finding.js';

const formats: Readonly<Record<string, 'yaml' | 'json'>> = { '.yaml': 'yaml', '.yml': 'yaml', '.json': 'json' };
export const configExtensions: readonly string[] = Object.keys(formats);

/** A hundred times what a config takes, and the slowest text of this length that was found (aliases, opening brackets) keeps yaml's parser for some seconds. */
const maxBytes = 256 * 1024;

/** Names that a message lists at most. */
const listed = 5;

const failure = (code: ConfigCode, file: string, facts: ErrorFacts, suggestion?: string): ConfigError =>
  new ConfigError(code, { ...facts, file, problems: [{ path: [], message: facts.found, file, ...(suggestion === undefined ? {} : { suggestion }) }] });

/** How the file is written, by its name. @throws ConfigError CONFIG_INVALID for another extension */
export function formatOf(file: string): 'yaml' | 'json' {
  const extension = extname(file);
  const format = formats[extension.toLowerCase()];
  if (format !== undefined) return format;
  throw failure('CONFIG_INVALID', file, { found: `${file} ${extension === '' ? 'has no extension' : `is a ${extension} file`}`, expected: `a config is a ${configExtensions.join(', ')} file` });
}

/**
 * The text of a config file.
 * @throws ConfigError CONFIG_NOT_FOUND when there is no such file or it cannot be read, with names that are near;
 *   CONFIG_INVALID when it is too large or has another extension; CONFIG_SYNTAX when it is not UTF-8
 */
export function readConfigFile(file: string): string {
  const bytes = readBytes(file);
  formatOf(file);
  if (bytes.length > maxBytes) throw failure('CONFIG_INVALID', file, { found: `${file} has more than ${maxBytes / 1024} KiB`, expected: 'a config is a short text' });
  return decode(bytes, file);
}

/** @throws ConfigError CONFIG_SYNTAX when the bytes are not UTF-8 */
export function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw failure('CONFIG_SYNTAX', file, { found: `${file} is not UTF-8 text`, remedy: 'Save it as UTF-8.', cause });
  }
}

function readBytes(file: string): Uint8Array {
  const path = resolve(file);
  let descriptor: number | undefined;
  try {
    // Looked at before it is opened: opening a named pipe waits for whoever writes to it.
    const stat = statSync(path);
    if (!stat.isFile()) throw notAFile(file, path, stat.isDirectory());
    descriptor = openSync(path, 'r');
    // One byte more than may be there, whatever size the file claims to have.
    const buffer = Buffer.alloc(Math.min(fstatSync(descriptor).size, maxBytes) + 1);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw cannotRead(file, path, error as NodeJS.ErrnoException);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function notAFile(file: string, path: string, isFolder: boolean): ConfigError {
  const inside = isFolder ? configsIn(path) : [];
  return failure('CONFIG_NOT_FOUND', file, {
    found: `${file} is ${isFolder ? 'a folder' : 'no regular file'}`,
    expected: `a config is a ${configExtensions.join(', ')} file`,
    ...(inside.length === 0 ? {} : { remedy: `In it there are ${some(inside)}.` }),
  });
}

function cannotRead(file: string, path: string, cause: NodeJS.ErrnoException): ConfigError {
  if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') return failure('CONFIG_NOT_FOUND', file, { found: `${file} cannot be read: ${cause.message}`, cause });
  const folder = dirname(path);
  const names = namesIn(folder);
  if (names === undefined) return failure('CONFIG_NOT_FOUND', file, { found: `${file} does not exist, nor does its folder`, remedy: `Look for ${folder}.`, cause });
  const name = basename(path);
  const stem = (each: string): string => basename(each, extname(each)).toLowerCase();
  const near = names.find((each) => stem(each) === stem(name) && configExtensions.includes(extname(each))) ?? nearestName(name, names);
  const configs = configsIn(folder);
  const remedy = near !== undefined ? `Did you mean "${near}"?` : configs.length > 0 ? `In its folder there are ${some(configs)}.` : undefined;
  return failure('CONFIG_NOT_FOUND', file, { found: `${file} does not exist`, ...(remedy === undefined ? {} : { remedy }), cause }, near);
}

function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

const configsIn = (folder: string): readonly string[] => (namesIn(folder) ?? []).filter((name) => configExtensions.includes(extname(name))).toSorted();

const some = (names: readonly string[]): string => names.slice(0, listed).join(', ') + (names.length > listed ? ' and others' : '');
