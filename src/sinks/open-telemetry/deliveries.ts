import { TrainscopeError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';

/** What an exporter says of what it exported; 0 is success (ExportResultCode of @opentelemetry/core). */
interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** Whether what was exported arrived: OpenTelemetry's SDK keeps that to itself. */
export class Deliveries {
  readonly #failed = new Map<string, Error | undefined>();

  /** The same exporter; what it says is noted under that name. */
  watch<Items, E extends { export(items: Items, done: (result: ExportResult) => void): void }>(what: string, exporter: E & { export(items: Items, done: (result: ExportResult) => void): void }): E {
    const send = exporter.export.bind(exporter);
    exporter.export = (items: Items, done: (result: ExportResult) => void): void => {
      send(items, (result) => {
        if (result.code === 0) this.#failed.delete(what);
        else this.#failed.set(what, result.error);
        done(result);
      });
    };
    return exporter;
  }

  /** @throws TrainscopeError SINK_UNREACHABLE when the last export of any kind failed */
  check(): void {
    if (this.#failed.size === 0) return;
    const [cause] = [...this.#failed.values()].filter((error) => error !== undefined);
    throw new TrainscopeError('SINK_UNREACHABLE', {
      found: `${[...this.#failed.keys()].join(' and ')} did not arrive at the collector${cause === undefined ? '' : `: ${reason(cause)}`}`,
      expected: 'an OTLP endpoint over HTTP that takes JSON, port 4318 as a rule (4317 is gRPC)',
      remedy: 'Start the collector, or set the endpoint of the sink.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Node's connection errors to several addresses have no message of their own. */
function reason(error: Error): string {
  const { code } = error as { code?: string };
  const text = thrownText(error);
  return text === '' || text === 'AggregateError' ? (code ?? 'no answer') : text;
}
