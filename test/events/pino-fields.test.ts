import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { pino } from 'pino';
import { ecsFields, memorySink, pinoSink, readEventLine } from '../../src/events/index.js';
import { busWith } from './examples.js';
import { repeatedKeys } from './json-keys.js';

/** Emits one of each kind that ECS treats otherwise, and gives the lines and the events. */
async function ecsLines(options: object = {}): Promise<{ lines: string[]; events: ReturnType<typeof memorySink>['events'] }> {
  const folder = mkdtempSync(join(tmpdir(), 'ecs-'));
  const destination = join(folder, 'ecs.ndjson');
  const memory = memorySink();
  const bus = busWith([memory, pinoSink({ level: 'debug', ...options, transport: { target: 'pino/file', options: { destination } } }, { fields: 'ecs' })]);
  bus.emit('step', { loss: NaN, metrics: {}, learningRate: 0.1, batchSize: 8, samples: 16, updated: true }, { epoch: 1, step: 2 });
  bus.emit('validation', { metrics: { loss: 0.5 }, samples: 4, ms: 1.5 }, { epoch: 1, step: 2 });
  bus.emit('finding', { rule: 'dead-units', severity: 'warning', where: { layer: 'a' }, message: 'Half are dead', evidence: {}, remedy: 'Lower the rate.', docs: null }, { epoch: 1, step: 2 });
  bus.emit('error', { name: 'RangeError', message: 'no room', code: 'ENOSPC', stack: 'RangeError: no room\n  at x' }, { epoch: 1, step: 2 });
  await bus.close();
  const lines = readFileSync(destination, 'utf8').trimEnd().split('\n');
  rmSync(folder, { recursive: true });
  return { lines, events: memory.events };
}

describe('lines in fields of ECS', () => {
  test('have the names of the table, each once', async () => {
    const { lines, events } = await ecsLines();
    expect(lines).toHaveLength(4);
    expect(lines.flatMap(repeatedKeys)).toEqual([]);
    const [step, validation, finding, error] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(step).toMatchObject({
      '@timestamp': new Date(events[0]?.time ?? 0).toISOString(),
      'log.level': 'debug',
      'ecs.version': '8.11.0',
      'event.action': 'step',
      'event.dataset': 'trainscope.events',
      'event.kind': 'metric',
      'event.sequence': 1,
      'process.pid': process.pid,
      'host.hostname': hostname(),
      'service.name': 'trainscope',
      trainscope: { v: 1, runId: events[0]?.runId, plugin: null, epoch: 1, step: 2, data: { loss: 'NaN', batchSize: 8 } },
    });
    expect(validation?.['event.duration']).toBe(1_500_000); // 1.5 ms in ns
    expect(finding).toMatchObject({ 'event.kind': 'alert', 'rule.name': 'dead-units', 'rule.description': 'Lower the rate.', 'log.level': 'warn' });
    expect(error).toMatchObject({ 'error.message': 'no room', 'error.code': 'ENOSPC', 'error.type': 'RangeError', 'error.stack_trace': 'RangeError: no room\n  at x', 'log.level': 'error' });
    for (const key of ['time', 'level', 'msg', 'event', 'seq', 'runId', 'pid', 'hostname']) expect(step).not.toHaveProperty([key]);
    expect(String(step?.['message'])).toContain('step 2');
  });

  test('take the name of the logger as service.name, and keys of its base', async () => {
    const { lines } = await ecsLines({ name: 'mnist', base: { 'labels.team': 'vision' } });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ 'service.name': 'mnist', 'labels.team': 'vision' });
  });

  test('are no lines of trainscope, which the reader says', async () => {
    const { lines } = await ecsLines();
    expect(() => readEventLine(lines[0] ?? '')).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }));
  });

  test('are not for a logger that is made already', () => {
    expect(() => pinoSink(pino({ enabled: false }), { fields: 'ecs' })).toThrow("a logger that is made already writes its level, time and message under names of its own; fields: 'ecs' goes with the options of a logger");
  });
});

describe('the table in docs/aggregators.md', () => {
  test('has a row for each field of the code, and no other', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/aggregators.md'), 'utf8');
    const table = page.slice(page.indexOf('## Names of fields'), page.indexOf('\n## ', page.indexOf('## Names of fields') + 1));
    const rows = [...table.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, ours, ecs]) => [ours, ecs]);
    expect(Object.fromEntries(rows)).toEqual(ecsFields);
  });
});
