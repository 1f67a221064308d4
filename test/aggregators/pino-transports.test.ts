import { createSocket } from 'node:dgram';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradientNorm, weightNorm } from '../../plugins/index.js';
import { coreCatalogue, parseEventLine, pinoSink, type TrainscopeEvent } from '../../src/events/index.js';
import { endpoint, until, type Endpoint } from './endpoint.js';
import { count, expectAllEvents, onWire } from './lines.js';
import { train } from './training.js';

let folder = '';
beforeAll(() => {
  // In the repository, where a config finds the installed packages.
  folder = mkdtempSync(join(import.meta.dirname, '.aggregators-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** 1 run-start, 2 x (epoch-start, 8 x 3, validation, epoch-end), 1 run-end. */
const eventsOfTwoEpochs = 56;

const catalogue = coreCatalogue.with(gradientNorm.events).with(weightNorm.events);

const withNaN = (events: readonly TrainscopeEvent[]): boolean => JSON.stringify(onWire(events)).includes('"NaN"');
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const config = (name: string, target: string, options: object): string => {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, JSON.stringify({ sinks: [{ pino: { level: 'debug', transport: { target, options } } }] }));
  return path;
};

describe('pino-loki', () => {
  interface Stream {
    readonly stream: Readonly<Record<string, string>>;
    readonly values: readonly (readonly [string, string])[];
  }
  const streamsIn = ({ requests }: Endpoint): Stream[] => requests.flatMap(({ body }) => (JSON.parse(body) as { streams: Stream[] }).streams);
  const options = (loki: Endpoint): object => ({ host: loki.url, labels: { job: 'trainscope' }, batching: { interval: 1 }, headers: { 'X-Scope-OrgID': 'tenant-3' } });

  test.each([['a logger'], ['a config file']])('of %s pushes all events to Loki, by level and in order, with the time in ns', async (from) => {
    const loki = await endpoint();
    const events = await train(
      from === 'a logger' ? { diverges: true, logger: { level: 'debug', transport: { target: 'pino-loki', options: options(loki) } } } : { diverges: true, config: config('loki', 'pino-loki', options(loki)) },
    );
    await loki.close();
    expect(loki.requests.every(({ method, path, headers }) => method === 'POST' && path === '/loki/api/v1/push' && headers['x-scope-orgid'] === 'tenant-3')).toBe(true);
    const streams = streamsIn(loki);
    const labels = new Set(streams.flatMap(({ stream }) => Object.keys(stream)));
    expect([...labels].sort()).toEqual(['hostname', 'job', 'level']); // and no runId: each of its values would be a stream
    const values = streams.flatMap(({ stream, values }) => values.map(([ns, line]) => ({ level: stream['level'], ns, line })));
    expectAllEvents(values.map(({ line }) => line), events);
    expect(withNaN(events)).toBe(true);
    const lokiLevels: Readonly<Record<string, string>> = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' };
    values.forEach(({ level, ns }, i) => {
      expect(level).toBe(lokiLevels[events[i]?.level ?? '']);
      expect(ns).toMatch(/^\d{19}$/);
      // pino-loki multiplies in floating point, which is exact to 256 ns at this size.
      expect(Number(BigInt(ns) / 1_000_000n - BigInt(events[i]?.time ?? 0))).toBeGreaterThanOrEqual(-1);
      expect(Number(BigInt(ns) / 1_000_000n - BigInt(events[i]?.time ?? 0))).toBeLessThanOrEqual(0);
    });
  });
});

const documentsIn = ({ requests }: Endpoint): { action: { index: { _index: string } }; document: Record<string, unknown> }[] =>
  requests
    .filter(({ path }) => path.startsWith('/_bulk'))
    .flatMap(({ body }) => {
      const lines = linesOf(body).map((line) => JSON.parse(line) as Record<string, unknown>);
      return Array.from({ length: lines.length / 2 }, (_, i) => ({ action: lines[2 * i] as { index: { _index: string } }, document: lines[2 * i + 1] ?? {} }));
    })
    .sort((a, b) => seqOf(a.document) - seqOf(b.document)); // bulk requests go out side by side
const seqOf = (document: Record<string, unknown>): number => Number(document['seq'] ?? document['event.sequence']);

describe('pino-elasticsearch', () => {
  const options = (node: Endpoint): object => ({ node: node.url, index: 'training-%{DATE}', esVersion: 9, flushBytes: 10_000 });

  test.each([['a logger'], ['a config file']])('of %s writes a document an event', async (from) => {
    const node = await endpoint('elasticsearch');
    const events = await train(from === 'a logger' ? { diverges: true, logger: { level: 'debug', transport: { target: 'pino-elasticsearch', options: options(node) } } } : { diverges: true, config: config('elastic', 'pino-elasticsearch', options(node)) });
    await node.close();
    const documents = documentsIn(node);
    expect(documents.map(({ document }) => seqOf(document))).toEqual(events.map((_, i) => i + 1));
    documents.forEach(({ action, document }, i) => {
      const iso = new Date(events[i]?.time ?? 0).toISOString();
      expect(action.index._index).toBe(`training-${iso.slice(0, 10)}`);
      expect(document).toMatchObject({ event: events[i]?.event, time: iso, data: onWire(events[i]?.data) as object });
    });
    expect(JSON.stringify(documents)).toContain('"NaN"');
  });

  test('gets ECS fields where they are asked for', async () => {
    const node = await endpoint('elasticsearch');
    const sink = pinoSink({ level: 'debug', transport: { target: 'pino-elasticsearch', options: options(node) } }, { fields: 'ecs' });
    const events = await train({ sinks: [sink] });
    await node.close();
    const documents = documentsIn(node);
    expect(documents).toHaveLength(eventsOfTwoEpochs);
    documents.forEach(({ document }, i) => {
      expect(document).toMatchObject({ '@timestamp': new Date(events[i]?.time ?? 0).toISOString(), 'event.action': events[i]?.event, 'log.level': events[i]?.level });
      expect(Object.keys(document)).not.toContain('time');
    });
  });
});

describe('pino-opentelemetry-transport', () => {
  interface LogRecord {
    readonly timeUnixNano: string;
    readonly severityNumber: number;
    readonly body: { readonly stringValue: string };
    readonly attributes: readonly { readonly key: string; readonly value: AnyValue }[];
  }
  interface AnyValue {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
    readonly kvlistValue?: { readonly values: LogRecord['attributes'] };
    readonly arrayValue?: { readonly values: readonly AnyValue[] };
  }
  const plain = (value: AnyValue): unknown => {
    if (value.kvlistValue !== undefined) return Object.fromEntries(value.kvlistValue.values.map(({ key, value: each }) => [key, plain(each)]));
    if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain);
    return value.stringValue ?? value.doubleValue ?? value.boolValue ?? (value.intValue === undefined ? null : Number(value.intValue));
  };
  const recordsIn = ({ requests }: Endpoint): LogRecord[] =>
    requests.flatMap(({ body }) =>
      (JSON.parse(body) as { resourceLogs: { scopeLogs: { logRecords: LogRecord[] }[] }[] }).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
    );
  const severities: Readonly<Record<string, number>> = { debug: 5, info: 9, warn: 13, error: 17 };

  test.each([['a logger'], ['a config file']])('of %s sends a log record an event', async (from) => {
    const collector = await endpoint();
    const options = { loggerName: 'trainscope', serviceVersion: '1', logRecordProcessorOptions: { recordProcessorType: 'batch', exporterOptions: { protocol: 'http', httpExporterOptions: { url: `${collector.url}/v1/logs` } } } };
    const events = await train(from === 'a logger' ? { diverges: true, logger: { level: 'debug', transport: { target: 'pino-opentelemetry-transport', options } } } : { diverges: true, config: config('otlp', 'pino-opentelemetry-transport', options) });
    await collector.close();
    expect(collector.requests.every(({ path }) => path === '/v1/logs')).toBe(true);
    const records = recordsIn(collector);
    expect(records).toHaveLength(events.length);
    records.forEach((record, i) => {
      const event = events[i];
      const attributes = plain({ kvlistValue: { values: record.attributes } }) as Record<string, unknown>;
      expect(attributes).toMatchObject({ seq: i + 1, event: event?.event, runId: event?.runId, data: onWire(event?.data) as object });
      expect(record.severityNumber).toBe(severities[event?.level ?? '']);
      expect(Math.floor(Number(BigInt(record.timeUnixNano) / 1_000_000n))).toBe(event?.time);
    });
    expect(JSON.stringify(records)).toContain('"NaN"');
  });
});

describe('pino-socket', () => {
  test.each([['a logger'], ['a config file']])('of %s writes all lines over TCP', async (from) => {
    const chunks: Buffer[] = [];
    let closed = false;
    const server = createServer((socket) => socket.on('data', (chunk) => chunks.push(chunk)).on('close', () => (closed = true)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options = { mode: 'tcp', address: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const events = await train(from === 'a logger' ? { diverges: true, logger: { level: 'debug', transport: { target: 'pino-socket', options } } } : { diverges: true, config: config('tcp', 'pino-socket', options) });
    await until(() => closed);
    server.close();
    const lines = linesOf(Buffer.concat(chunks).toString());
    expectAllEvents(lines, events);
    expect(lines.map((line) => parseEventLine(line, catalogue).event)).toEqual(events.map(({ event }) => event));
  });

  test('writes lines over UDP', async () => {
    const datagrams: string[] = [];
    const socket = createSocket('udp4', (message) => datagrams.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    // At the level of a console, since what waits goes into one datagram, and 64 KiB are its end.
    const events = await train({ logger: { level: 'info', transport: { target: 'pino-socket', options: { mode: 'udp', address: '127.0.0.1', port: socket.address().port } } } });
    const expected = events.filter(({ level }) => level !== 'debug').map(({ seq }) => seq);
    const seqs = (): number[] => linesOf(datagrams.join('')).map((line) => parseEventLine(line, catalogue).seq);
    await until(() => seqs().length >= expected.length);
    socket.close();
    expect(seqs()).toEqual(expected);
    expect(expected).toHaveLength(8); // run-start, 2 x (epoch-start, validation, epoch-end), run-end
  });
});

describe('pino-syslog', () => {
  /** RFC 5424, section 6: <PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG. */
  const rfc5424 = /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)) (\S+) (\S+) (\S+) (\S+) (-|\[.*?\]) (.*)$/;
  const severities: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
  const facility = 16; // local0

  function expectSyslog(messages: readonly string[], events: readonly TrainscopeEvent[]): void {
    const parsed = messages.map((message) => rfc5424.exec(message) ?? []);
    expectAllEvents(parsed.map((parts) => parts[8] ?? ''), events);
    parsed.forEach(([, pri, time, host, app, pid], i) => {
      expect(Number(pri)).toBe(8 * facility + (severities[events[i]?.level ?? ''] ?? NaN));
      expect(Date.parse(time ?? '')).toBe(Math.floor((events[i]?.time ?? 0) / 1000) * 1000);
      expect([host, app, pid]).toEqual([hostname(), 'trainscope', String(process.pid)]);
    });
  }

  test('writes RFC 5424 to a file', async () => {
    const path = join(folder, 'syslog.txt');
    const file = openSync(path, 'w');
    const events = await train({ diverges: true, logger: { level: 'debug', transport: { target: 'pino-syslog', options: { enablePipelining: false, destination: file, sync: true, newline: true, appname: 'trainscope', facility } } } });
    closeSync(file);
    expectSyslog(linesOf(readFileSync(path, 'utf8')), events);
  });

  test('feeds pino-socket, a datagram an event', async () => {
    const datagrams: string[] = [];
    const socket = createSocket('udp4', (message) => datagrams.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const path = join(folder, 'syslog.yaml');
    const pipeline = [
      { target: 'pino-syslog', options: { appname: 'trainscope', facility } },
      { target: 'pino-socket', options: { mode: 'udp', address: '127.0.0.1', port: socket.address().port } },
    ];
    writeFileSync(path, JSON.stringify({ sinks: [{ pino: { level: 'debug', transport: { pipeline } } }] }));
    const events = await train({ config: path });
    await until(() => datagrams.length >= events.length);
    socket.close();
    expectSyslog(datagrams.map((datagram) => datagram.trimEnd()), events);
    expect(events).toHaveLength(eventsOfTwoEpochs);
  });
});

describe('pino-pretty', () => {
  test.each([['a logger'], ['a config file']])('of %s writes a line of text an event', async (from) => {
    const name = `pretty-${from.replaceAll(' ', '-')}.txt`;
    const options = { destination: name, colorize: false, ignore: 'pid,hostname,v,runId,seq,event,plugin,epoch,step,data', translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l' };
    const path = join(folder, name);
    const events = await train(from === 'a logger' ? { logger: { level: 'debug', transport: { target: 'pino-pretty', options: { ...options, destination: path } } } } : { config: config('pretty', 'pino-pretty', options) });
    const lines = linesOf(readFileSync(path, 'utf8'));
    expect(lines).toHaveLength(eventsOfTwoEpochs);
    lines.forEach((line, i) => {
      const { time, level } = events[i] ?? { time: 0, level: 'info' };
      expect(line.startsWith(`[${new Date(time).toISOString().replace('T', ' ').replace('Z', '')}] ${level.toUpperCase()}: `)).toBe(true);
    });
    expect(lines.filter((line) => / step \d+ {2}loss /.test(line))).toHaveLength(count(events, 'step'));
    expect(lines.at(-1)).toContain('run completed after 2 epochs, 16 steps');
  });
});

