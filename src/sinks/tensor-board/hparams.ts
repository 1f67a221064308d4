import type { JsonValue } from '../../events/index.js';
import { bytes, double, hparamsValue, integer, message, string, type SummaryValue } from './summaries.js';

/* Messages of tensorboard/plugins/hparams: plugin_data.proto and api.proto, and google/protobuf/struct.proto. */

export type HParam = string | number | boolean;

/** A setting that is longer is cut: the table of the HParams tab shows a line. */
const longest = 200;

/** A run has at most so many; each is a column. Plugins have up to 20 options, and seven of them stand in one configuration. */
const most = 200;

/** Settings as they are compared between runs: `optimizer.learningRate`; the options of plugins by the plugin's name. Lists are JSON. */
export function hparamsOf(configuration: Readonly<Record<string, unknown>>): ReadonlyMap<string, HParam> {
  const found = new Map<string, HParam>();
  const put = (path: string, value: HParam): void => {
    if (found.size < most) found.set(path, typeof value === 'string' ? value.slice(0, longest) : value);
  };
  const look = (path: string, value: unknown): void => {
    if (value === null || value === undefined) return;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') put(path, value);
    else if (isNamedList(value)) for (const { name, options } of value) look(`${path}.${name}`, isEmpty(options) ? true : options);
    else if (Array.isArray(value)) put(path, JSON.stringify(value));
    else for (const [key, child] of Object.entries(value as Readonly<Record<string, JsonValue>>)) look(path === '' ? key : `${path}.${key}`, child);
  };
  // Plugins last: where there is no room for all, it is their options that are left out.
  const { plugins, ...rest } = configuration;
  look('', rest);
  look('plugins', plugins);
  return found;
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

const isNamedList = (value: unknown): value is readonly { readonly name: string; readonly options?: unknown }[] =>
  Array.isArray(value) && value.length > 0 && value.every((each: unknown) => typeof each === 'object' && each !== null && typeof (each as { name?: unknown }).name === 'string' && 'options' in each);

/** DataType of api.proto. */
const typeOf = (value: HParam): number => ({ string: 1, boolean: 2, number: 3 })[typeof value as 'string' | 'boolean' | 'number'];

/** google.protobuf.Value: number_value 2, string_value 3, bool_value 4. */
const valueOf = (value: HParam): Uint8Array => message(typeof value === 'number' ? double(2, value) : typeof value === 'string' ? string(3, value) : integer(4, value ? 1 : 0));

/** HParamsPluginData: experiment 2, session_start_info 3, session_end_info 4; version 0 needs no field. */
const pluginData = (field: number, content: Uint8Array): Uint8Array => message(bytes(field, content));

/** A column of results: the scalars of a tag in a folder below the run's. */
export interface HParamMetric {
  readonly group: 'train' | 'validation';
  readonly tag: string;
}

/** Experiment: time_created_secs 3, hparam_infos 4 (name 1, type 4), metric_infos 5 (name 1 {group 1, tag 2}, dataset_type 5). */
export const experimentValue = (seconds: number, hparams: ReadonlyMap<string, HParam>, metrics: readonly HParamMetric[]): SummaryValue =>
  hparamsValue(
    '_hparams_/experiment',
    pluginData(
      2,
      message(
        double(3, seconds),
        ...[...hparams].map(([name, value]) => bytes(4, message(string(1, name), integer(4, typeOf(value))))),
        ...metrics.map(({ group, tag }) => bytes(5, message(bytes(1, message(string(1, group), string(2, tag))), integer(5, group === 'train' ? 1 : 2)))),
      ),
    ),
  );

/** SessionStartInfo: hparams 1 (a map: key 1, value 2), group_name 4, start_time_secs 5. */
export const sessionStartValue = (seconds: number, hparams: ReadonlyMap<string, HParam>, group: string): SummaryValue =>
  hparamsValue(
    '_hparams_/session_start_info',
    pluginData(3, message(...[...hparams].map(([name, value]) => bytes(1, message(string(1, name), bytes(2, valueOf(value))))), string(4, group), double(5, seconds))),
  );

/** Status of api.proto. */
const statuses = { success: 1, failure: 2 } as const;

/** SessionEndInfo: status 1, end_time_secs 2. */
export const sessionEndValue = (seconds: number, status: keyof typeof statuses): SummaryValue =>
  hparamsValue('_hparams_/session_end_info', pluginData(4, message(integer(1, statuses[status]), double(2, seconds))));
