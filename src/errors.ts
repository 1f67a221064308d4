/**
 * Every error that trainscope throws on purpose: one base class with a stable code, the facts as fields,
 * and a message in three parts: what was found, what was expected, what to do.
 */

/** The closed list of codes. A code never changes its meaning; scripts may branch on it. */
export const errorCodes = [
  // options and config files
  'OPTIONS_INVALID',
  'OPTION_UNKNOWN',
  'CONFIG_NOT_FOUND',
  'CONFIG_SYNTAX',
  'CONFIG_EMPTY',
  'CONFIG_INVALID',
  'CONFIG_PATH_ESCAPES',
  'CONFIG_MODULE',
  // the command line
  'SCRIPT_NOT_FOUND',
  'SCRIPT_FAILED',
  'SCRIPT_NO_TRAINING',
  'PROJECT_EXISTS',
  // model, loss, optimizer
  'MODEL_INVALID',
  'LOSS_UNKNOWN',
  'LOSS_OUTPUT_MISMATCH',
  'LOSS_NOT_DIFFERENTIABLE',
  'METRIC_UNKNOWN',
  'METRIC_INVALID',
  'OPTIMIZER_INVALID',
  'OPTIMIZER_NO_LEARNING_RATE',
  'WEIGHTS_MISMATCH',
  // data
  'DATA_EMPTY',
  'DATA_LENGTHS_DIFFER',
  'DATA_SHAPE',
  'DATA_TYPE',
  'DATA_NOT_FINITE',
  'DATA_NAMES',
  'LABEL_OUT_OF_RANGE',
  'DATA_SOURCE_FAILED',
  'DATA_NOT_REPEATABLE',
  'DATA_NOT_SEEKABLE',
  'LOADER_FAILED',
  'LOADER_CLOSED',
  // checkpoints
  'CHECKPOINT_NOT_FOUND',
  'CHECKPOINT_TORN',
  'CHECKPOINT_FORMAT',
  'CHECKPOINT_MISMATCH',
  'CHECKPOINT_UNWRITABLE',
  'CHECKPOINT_FOLDER_TAKEN',
  // randomness
  'RANDOM_ARGUMENT',
  'RANDOM_STATE',
  // plugins, events, measurements
  'PLUGIN_INVALID',
  'PLUGIN_HOOK_UNKNOWN',
  'PLUGIN_DUPLICATE',
  'PLUGIN_FAILED',
  'PLUGIN_STUCK',
  'PLUGIN_STATE',
  'PLUGIN_REQUIRES',
  'EVENT_UNKNOWN',
  'EVENT_INVALID',
  'EVENT_DUPLICATE',
  'EVENT_LOOP',
  'EVENT_LOG_UNREADABLE',
  'REPORT_UNWRITABLE',
  'LIVE_PORT',
  'LIVE_FAILED',
  'SINK_STUCK',
  'SINK_CLOSED',
  'SINK_UNREACHABLE',
  'PACKAGE_MISSING',
  'MEASUREMENT_INVALID',
  // running
  'FIT_RUNNING',
  'TRAINER_DISPOSED',
  'LAYERS_NOT_SEEN',
  'LAYERS_NO_MODEL',
  'STATE_INVALID',
  'BACKEND_UNAVAILABLE',
  'BACKEND_UNKNOWN',
  'BACKEND_KERNEL',
  'BACKEND_MEMORY',
  'BACKEND_DEVICE',
  'BACKEND_SYNC_READ',
  'WORKER_FAILED',
  'WORKER_TERMINATED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The three parts of a message, and whatever facts the reader's code may want. */
export interface ErrorFacts {
  /** What was there: `labels have shape [32]`. No full stop at the end. */
  readonly found: string;
  /** What should have been there: `the loss expects [32, 10]`. */
  readonly expected?: string;
  /** What to do about it, as a sentence: `One-hot them with tf.oneHot(labels, 10).` */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** Without its full stop, as where it is a message of another library's. */
const open = (text: string): string => text.replace(/\.$/, '');

const sentence = ({ found, expected, remedy }: ErrorFacts): string =>
  `${expected === undefined ? open(found) : `${open(found)}; ${open(expected)}`}.${remedy === undefined ? '' : ` ${remedy}`}`;

/** The base of all errors of trainscope. `code` is stable; `found`, `expected` and `remedy` are the parts of the message. */
export class TrainscopeError extends Error {
  readonly code: ErrorCode;
  readonly found: string;
  readonly expected: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(sentence(facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.found = facts.found;
    this.expected = facts.expected;
    this.remedy = facts.remedy;
  }
}

/** One thing wrong in a configuration: where, what, and the nearest right key when a key was mistyped. */
export interface ConfigProblem {
  /** Keys and indices from the root: `['plugins', 2, 'every']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The nearest known key, when a key was not known. */
  readonly suggestion?: string;
  /** The file that it came from, as it was named. */
  readonly file?: string;
  /** 1-based, when the configuration came from a file. */
  readonly line?: number;
  readonly column?: number;
  /** The argument of a command that set it: `--set fit.epochs=0`. */
  readonly argument?: string;
}

/** Options or a config file are wrong. `problems` holds all of them, not the first alone. */
export class ConfigError extends TrainscopeError {
  readonly problems: readonly ConfigProblem[];
  readonly file: string | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts & { readonly problems?: readonly ConfigProblem[]; readonly file?: string }) {
    super(code, facts);
    this.problems = facts.problems ?? [];
    this.file = facts.file;
  }
}

/** The data does not fit the model, the loss or itself. Shapes are as TensorFlow.js gives them; null is a free dimension. */
export class DataError extends TrainscopeError {}

/** A plugin is wrong or failed: which, in which hook, at which step, and what was done about it. */
export class PluginError extends TrainscopeError {
  readonly plugin: string;
  readonly hook: string | undefined;
  readonly step: number | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts & { readonly plugin: string; readonly hook?: string; readonly step?: number }) {
    super(code, facts);
    this.plugin = facts.plugin;
    this.hook = facts.hook;
    this.step = facts.step;
  }
}

/** A checkpoint is missing, torn, altered or of another model. */
export class CheckpointError extends TrainscopeError {}

/** One backend that was tried and why it was not taken. */
export interface BackendRefusal {
  readonly backend: string;
  readonly reason: string;
}

/** No TensorFlow.js backend could be had, or the one in use lacks what training needs. */
export class BackendError extends TrainscopeError {
  readonly refusals: readonly BackendRefusal[];

  constructor(code: ErrorCode, facts: ErrorFacts & { readonly refusals?: readonly BackendRefusal[] }) {
    super(code, facts);
    this.refusals = facts.refusals ?? [];
  }
}
