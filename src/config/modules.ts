import { statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, win32 } from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleResolve } from 'import-meta-resolve';
import { nearestName } from '../nearest-name.js';
import type { AnyPluginFactory } from '../plugin/index.js';
import { thrownText } from '../thrown-text.js';
import { confinedPath } from './confined-path.js';
import type { ConfigCode } from './finding.js';

/** Why a module cannot be had. */
export interface Refusal {
  readonly code: ConfigCode;
  readonly message: string;
  readonly suggestion?: string;
  readonly cause?: unknown;
}

/** A package, or a file of it that it lets others see: `name`, `@scope/name`, `name/file.js`. */
const bareSpecifier = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/;

const refuse = (code: ConfigCode, message: string, cause?: unknown): { readonly refusal: Refusal } => ({ refusal: { code, message, ...(cause === undefined ? {} : { cause }) } });

/** The URL of a package's file, found as `import` in a file of that folder would find it. */
export function resolvePackage(specifier: string, folder: string): { readonly url: string } | { readonly refusal: Refusal } {
  if (posix.isAbsolute(specifier) || win32.isAbsolute(specifier)) return refuse('CONFIG_PATH_ESCAPES', `"${specifier}" is absolute`);
  if (/^\.{1,2}([\\/]|$)/.test(specifier)) return refuse('CONFIG_PATH_ESCAPES', `"${specifier}" is a path, expected the name of a package`);
  if (/^[a-z][a-z\d+.-]*:/i.test(specifier)) return refuse('CONFIG_MODULE', `"${specifier}" is a URL, expected the name of a package`);
  if (isBuiltin(specifier)) return refuse('CONFIG_MODULE', `"${specifier}" is a module of Node.js, expected the name of a package`);
  if (!bareSpecifier.test(specifier)) return refuse('CONFIG_MODULE', `"${specifier}" is not the name of a package`);
  try {
    return { url: moduleResolve(specifier, pathToFileURL(join(folder, 'config')), new Set(['node', 'import'])).href };
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    return refuse('CONFIG_MODULE', isAbsent ? `the package "${specifier}" is not found from ${folder}` : `"${specifier}" cannot be resolved: ${thrownText(cause)}`, cause);
  }
}

/** The URL of a package's file, or of a file in the folder: `./my-plugin.js`. */
export function resolveModule(specifier: string, folder: string): { readonly url: string } | { readonly refusal: Refusal } {
  if (!/^\.{1,2}[\\/]/.test(specifier)) return resolvePackage(specifier, folder);
  const confined = confinedPath(folder, specifier);
  if ('refusal' in confined) return refuse('CONFIG_PATH_ESCAPES', confined.refusal);
  if (statSync(confined.path, { throwIfNoEntry: false })?.isFile() !== true) return refuse('CONFIG_MODULE', `there is no file "${specifier}" in ${folder}`);
  return { url: pathToFileURL(confined.path).href };
}

/** Imports a module and takes the plugin's maker from it: the export of that name, or else the default, or else the only one. */
export async function importFactory(specifier: string, url: string, exportName: string | undefined): Promise<{ readonly factory: AnyPluginFactory } | { readonly refusal: Refusal }> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(/* @vite-ignore */ url)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    return refuse('CONFIG_MODULE', `"${specifier}" cannot be loaded: ${thrownText(cause)}`, cause);
  }
  // Newer versions of Node.js show what a CommonJS module exports under this name as well.
  const names = Object.keys(exports).filter((name) => name !== 'module.exports');
  if (exportName !== undefined) {
    const named = Object.hasOwn(exports, exportName) ? exports[exportName] : undefined;
    if (isPluginFactory(named)) return { factory: named };
    if (named !== undefined) return refuse('CONFIG_MODULE', `the export "${exportName}" of "${specifier}" is no plugin: it was not made by definePlugin`);
    const suggestion = nearestName(exportName, names);
    return { refusal: { code: 'CONFIG_MODULE', message: `"${specifier}" has no export "${exportName}"; it has ${listOf(names)}`, ...(suggestion === undefined ? {} : { suggestion }) } };
  }
  if (isPluginFactory(exports['default'])) return { factory: exports['default'] };
  const factories = Object.entries(exports).flatMap(([name, each]) => (isPluginFactory(each) ? [{ name, factory: each }] : []));
  const [only, ...others] = factories;
  if (only === undefined) return refuse('CONFIG_MODULE', `"${specifier}" exports no plugin that definePlugin has made; it has ${listOf(names)}`);
  if (others.length > 0) return refuse('CONFIG_MODULE', `"${specifier}" exports several plugins: say with export which of ${listOf(factories.map(({ name }) => name))}`);
  return { factory: only.factory };
}

const listOf = (names: readonly string[]): string => (names.length === 0 ? 'no exports' : names.join(', '));

/** What definePlugin makes, by its parts: a package may have a trainscope of its own. */
function isPluginFactory(value: unknown): value is AnyPluginFactory {
  if (typeof value !== 'function') return false;
  const { pluginName, options, events } = value as Partial<AnyPluginFactory>;
  return typeof pluginName === 'string' && typeof options?.safeParse === 'function' && typeof events === 'object';
}
