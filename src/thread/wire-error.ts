import {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  errorCodes,
  PluginError,
  TrainscopeError,
  type ErrorCode,
  type ErrorFacts,
} from '../errors.js';
import { fieldOf, thrownName, thrownText } from '../thrown-text.js';

/**
 * Whatever was thrown, in a form that a message can carry. Structured clone alone makes of a class of ours an Error
 * without its name and its fields.
 */
export type WireError =
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly stack: string | null; readonly fields: Readonly<Record<string, unknown>>; readonly cause: WireError | null }
  /** Anything can be thrown: this was no Error. */
  | { readonly kind: 'value'; readonly value: unknown };

/** A chain of causes may close in a circle; nobody reads further than this. */
const maxCauses = 8;

/** The errors that arrive as what they were. What has another class arrives as an Error of that name. */
const ours = { TrainscopeError, ConfigError, DataError, PluginError, CheckpointError, BackendError } as const;
const builtIn = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** Never throws: what cannot be sent is left out, or told by its text. */
export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) return { kind: 'value', value: isSendable(thrown) ? thrown : thrownText(thrown) };
  const cause = fieldOf(thrown, 'cause');
  const stack = fieldOf(thrown, 'stack');
  const names = Object.keys(thrown).filter((key) => !['name', 'message', 'stack', 'cause'].includes(key));
  return {
    kind: 'error',
    name: thrownName(thrown),
    message: thrownText(thrown),
    stack: typeof stack === 'string' ? stack : null,
    fields: Object.fromEntries(names.map((key) => [key, fieldOf(thrown, key)] as const).filter(([, value]) => isSendable(value))),
    cause: cause === undefined || depth >= maxCauses ? null : encodeError(cause, depth + 1),
  };
}

/** The error as it was thrown: class, fields, message, causes, and the stack of the worker. */
export function decodeError(wire: WireError): unknown {
  if (wire.kind === 'value') return wire.value;
  const { name, message, stack, fields } = wire;
  const cause = wire.cause === null ? undefined : decodeError(wire.cause);
  const error = makeOurs(name, fields, cause) ?? makeBuiltIn(name, message, cause);
  for (const [key, value] of Object.entries(fields)) Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true });
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  Object.defineProperty(error, 'message', { value: message, writable: true, configurable: true });
  if (stack !== null) Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  return error;
}

const isCode = (value: unknown): value is ErrorCode => (errorCodes as readonly unknown[]).includes(value);
const isText = (value: unknown): value is string => typeof value === 'string';

/** By its parts and not by its class: a training may bring a trainscope of its own. */
function makeOurs(name: string, fields: Readonly<Record<string, unknown>>, cause: unknown): TrainscopeError | undefined {
  const { code, found, expected, remedy, plugin } = fields;
  if (!isCode(code) || !isText(found) || !Object.hasOwn(ours, name)) return undefined;
  const facts: ErrorFacts = { found, ...(isText(expected) ? { expected } : {}), ...(isText(remedy) ? { remedy } : {}), ...(cause === undefined ? {} : { cause }) };
  if (name === 'PluginError') return new PluginError(code, { ...facts, plugin: isText(plugin) ? plugin : '' });
  return new ours[name as Exclude<keyof typeof ours, 'PluginError'>](code, facts);
}

function makeBuiltIn(name: string, message: string, cause: unknown): Error {
  const Class = Object.hasOwn(builtIn, name) ? builtIn[name as keyof typeof builtIn] : Error;
  return new Class(message, cause === undefined ? undefined : { cause });
}

function isSendable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
