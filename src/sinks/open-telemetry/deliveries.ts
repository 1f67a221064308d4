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

  /** @param endpoint For the message; undefined where the environment says it. */
  constructor(readonly endpoint: string | undefined) {}

  /**
   * @param thrown What the SDK itself says: that it waited too long, as a rule, where no exporter has said anything.
   * @throws TrainscopeError SINK_UNREACHABLE when the last export of any kind failed
   */
  check(thrown?: unknown): void {
    if (this.#failed.size === 0 && thrown === undefined) return;
    const [cause = thrown] = [...this.#failed.values()].filter((error) => error !== undefined);
    const what = this.#failed.size === 0 ? 'what was measured' : [...this.#failed.keys()].join(' and ');
    throw new TrainscopeError('SINK_UNREACHABLE', {
      found: `${what} did not arrive at the collector${this.endpoint === undefined ? '' : ` ${this.endpoint}`}${cause === undefined ? '' : `: ${reason(cause)}`}`,
      expected: 'an OTLP endpoint over HTTP that takes JSON, port 4318 as a rule (4317 is gRPC)',
      remedy: 'Start the collector, or set the endpoint of the sink.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Node's connection errors to several addresses have no message of their own. */
function reason(error: unknown): string {
  const { code } = error as { code?: string };
  const text = thrownText(error);
  return text === '' || text === 'AggregateError' ? (code ?? 'no answer') : text;
}
