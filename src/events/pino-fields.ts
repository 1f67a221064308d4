import { hostname } from 'node:os';
import type { LoggerOptions } from 'pino';
import { levelNumbers, type TrainscopeEvent } from './envelope.js';
import { encodeNumbers } from './numbers.js';

/**
 * How the keys of a line are named: as trainscope's log format has them, or as the Elastic Common Schema does (ECS 8,
 * elastic.co/docs/reference/ecs), with dots in the keys as Elastic's own loggers write them.
 */
export const fieldNames = ['trainscope', 'ecs'] as const;
export type FieldNames = (typeof fieldNames)[number];

/** The version whose fields are used: they are all in it, and in later ones of 8 and 9. */
export const ecsVersion = '8.11.0';

/** Key of the envelope, or path in data -> field of ECS. What has none stands under `trainscope`. */
export const ecsFields = {
  time: '@timestamp',
  level: 'log.level',
  event: 'event.action',
  seq: 'event.sequence',
  msg: 'message',
  pid: 'process.pid',
  hostname: 'host.hostname',
  name: 'service.name',
  'data.ms': 'event.duration',
  'data.message': 'error.message',
  'data.stack': 'error.stack_trace',
  'data.code': 'error.code',
  'data.name': 'error.type',
  'data.rule': 'rule.name',
  'data.remedy': 'rule.description',
  v: 'trainscope.v',
  runId: 'trainscope.runId',
  plugin: 'trainscope.plugin',
  epoch: 'trainscope.epoch',
  step: 'trainscope.step',
  data: 'trainscope.data',
} as const;

/** Events whose data tells of something that was thrown. */
const isThrown = (event: string): boolean => event === 'error' || event.endsWith('-error');

const nanosecondsInMs = 1e6;

/** An event in fields of ECS, without those that the logger of `ecsOptions` writes: time, level, message, process, host. */
export function ecsRecord(event: TrainscopeEvent): Readonly<Record<string, unknown>> {
  const { v, runId, seq, plugin, epoch, step, data } = event;
  const text = (key: string): string | undefined => (typeof data[key] === 'string' ? data[key] : undefined);
  const fields: Record<string, unknown> = {
    'ecs.version': ecsVersion,
    'event.dataset': 'trainscope.events',
    'event.module': 'trainscope',
    [ecsFields.event]: event.event,
    'event.kind': kindOf(event),
    [ecsFields.seq]: seq,
  };
  const add = (field: string, value: unknown): void => {
    if (value !== undefined) fields[field] = value;
  };
  if (typeof data['ms'] === 'number') fields[ecsFields['data.ms']] = Math.round(data['ms'] * nanosecondsInMs); // ECS has nanoseconds
  if (event.event === 'run-end') fields['event.outcome'] = data['reason'] === 'failed' ? 'failure' : 'success';
  if (isThrown(event.event)) {
    add(ecsFields['data.message'], text('message'));
    add(ecsFields['data.stack'], text('stack'));
    add(ecsFields['data.code'], text('code'));
    if (event.event === 'error') add(ecsFields['data.name'], text('name'));
  }
  if (event.event === 'finding') {
    add(ecsFields['data.rule'], text('rule'));
    add(ecsFields['data.remedy'], text('remedy'));
  }
  return { ...fields, trainscope: { v, runId, plugin, epoch, step, data: encodeNumbers(data) } };
}

/** event.kind: alert for what a person should see, metric for what is a measurement, event for the rest. */
function kindOf({ event, level }: TrainscopeEvent): string {
  if (event === 'finding' && levelNumbers[level] >= levelNumbers.warn) return 'alert';
  return levelNumbers[level] <= levelNumbers.debug || event === 'validation' || event === 'epoch-end' ? 'metric' : 'event';
}

/** Options of a logger whose own keys are those of ECS. @param now The time of the event under way, ms */
export const ecsOptions = (now: () => number, { name = 'trainscope', base, ...options }: LoggerOptions): LoggerOptions => ({
  ...options,
  messageKey: ecsFields.msg,
  timestamp: () => `,"${ecsFields.time}":"${new Date(now()).toISOString()}"`,
  formatters: { ...options.formatters, level: (label) => ({ [ecsFields.level]: label }) },
  base: base === null ? null : { [ecsFields.pid]: process.pid, [ecsFields.hostname]: hostname(), [ecsFields.name]: name, ...base },
});
