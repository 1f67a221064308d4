export { EventBus, type AttachedSinkStats, type BusOptions, type EmitAbout, type EventView, type Subscription } from './bus.js';
export { Catalogue, defineEvents, type CatalogueOptions, type EventSchemas, type EventsOf } from './catalogue.js';
export { canonicalJson, hashConfiguration } from './configuration-hash.js';
export { coreCatalogue, coreEvents, isCoreEvent, type CoreEvent, type CoreEvents } from './core-events.js';
export {
  eventLineSchema,
  eventVersion,
  levelLabel,
  levelNumbers,
  levels,
  type EventLine,
  type EventMap,
  type EventOf,
  type Level,
  type TrainscopeEvent,
} from './envelope.js';
export { parseEventLine, readEventLine, toEventLine, type ReadEvent } from './event-line.js';
export { fileSink, type FileSinkOptions } from './file-sink.js';
export { compileFilter, type Filter, type FilterView } from './filter.js';
export { frozenCopy, type DeepReadonly } from './frozen-copy.js';
export { isJsonValue, jsonRecord, jsonValue, type JsonRecord, type JsonValue } from './json-value.js';
export { memorySink, type MemorySink, type MemorySinkOptions } from './memory-sink.js';
export { decodeInto, decodeNumbers, encodeNumbers, nonFiniteNames, real } from './numbers.js';
export type { PinoLogger } from './pino-logger.js';
export { ecsFields, fieldNames, type FieldNames } from './pino-fields.js';
export { pinoSink, type PinoSinkOptions } from './pino-sink.js';
export { scalarsOf, type Scalar } from './scalars.js';
export { sentence } from './sentence.js';
export type { Sink, SinkStats } from './sink.js';
export { thrownData, type ThrownData } from './thrown-data.js';
export { withoutSuperseded } from './superseded.js';
export { readEventLog, type EventLog, type ReadLogOptions } from './read-log.js';
