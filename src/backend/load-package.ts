import { thrownText } from '../thrown-text.js';
/** Loads a package by name. Tests pass one that hands out stand-ins. */
export type LoadPackage = (name: string) => Promise<unknown>;

/** Resolved from trainscope's own place, so that optional peers are found beside it. */
export const loadInstalled: LoadPackage = (name) => import(name) as Promise<unknown>;

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

/** A package's export, whether it came as an ES module or as CommonJS behind `default`. */
export const exported = (module: unknown, name: string): unknown => property(module, name) ?? property(property(module, 'default'), name);

/** The version that a package gives in `exportName`, or in the entry of that name in its `version` record. */
export function versionOf(module: unknown, exportName: string): string | undefined {
  const found = exported(module, exportName) ?? property(exported(module, 'version'), exportName);
  return typeof found === 'string' ? found : undefined;
}

/** Why a package could not be loaded, in a reader's words: that it isn't there, or what it said when it was loaded. */
export function loadingFailed(name: string, error: unknown): string {
  const message = thrownText(error);
  const code = property(error, 'code');
  // Node gives a code; bundlers (Vite, for one) put a stand-in that throws in the place of an optional peer.
  const unresolved = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || message.startsWith('Could not resolve');
  // A package that is there may lack one of its own: then its name is not the one that is quoted.
  const absent = unresolved && (message.includes(`'${name}'`) || message.includes(`"${name}"`));
  // Native packages answer with many lines of build log; the first says what happened.
  return absent ? `${name} is not installed` : `${name} failed to load: ${message.split('\n')[0] ?? ''}`;
}
