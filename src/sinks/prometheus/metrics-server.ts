import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TrainscopeError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';

export interface MetricsServerOptions {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly contentType: string;
  readonly metrics: () => Promise<string>;
}

/**
 * Serves the metrics over HTTP for a scrape. It does not keep the process alive, and it answers when the training
 * yields, some 50 ms later at the most on the backends that block the thread.
 */
export class MetricsServer {
  readonly #server: Server;
  readonly #options: MetricsServerOptions;
  readonly #opening: Promise<string>;
  #failure: TrainscopeError | undefined;
  #scrapes = 0;
  #onScrape: (() => void) | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.unref();
    this.#opening = this.#open();
    this.#opening.catch(() => undefined); // told by failure, where somebody writes
  }

  /** Why nothing can be scraped. */
  get failure(): TrainscopeError | undefined {
    return this.#failure;
  }

  get scrapes(): number {
    return this.#scrapes;
  }

  /** The address of the metrics, once they are served. */
  get url(): Promise<string> {
    return this.#opening;
  }

  /** Resolves after the next scrape, or after `ms`. Keeps the process alive so long. */
  async nextScrape(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onScrape = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    await this.#opening.catch(() => undefined);
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => { resolve(); }));
    this.#server.closeIdleConnections(); // Prometheus keeps its connection open
    setTimeout(() => { this.#server.closeAllConnections(); }, 100).unref(); // an answer that is under way may end
    await closed;
  }

  #open(): Promise<string> {
    const { port, host, path } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.on('error', (cause) => {
        this.#failure ??= new TrainscopeError('SINK_UNREACHABLE', {
          found: `metrics cannot be served on ${host}:${port}: ${thrownText(cause)}`,
          expected: 'the port is free and the address is one of this machine',
          remedy: 'Give the sink another port, or port 0 for any that is free.',
          cause,
        });
        reject(this.#failure);
      });
      this.#server.listen({ port, host }, () => {
        const { address, port: given, family } = this.#server.address() as AddressInfo;
        resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${given}${path}`);
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, contentType, metrics } = this.#options;
    const asked = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      end(response, 405, 'GET only\n', { allow: 'GET, HEAD' });
      return;
    }
    if (asked !== path) {
      end(response, 404, `metrics are at ${path}\n`);
      return;
    }
    try {
      const text = await metrics();
      response.once('finish', () => {
        this.#scrapes += 1;
        this.#onScrape?.();
      });
      end(response, 200, request.method === 'HEAD' ? '' : text, { 'content-type': contentType });
    } catch (error) {
      end(response, 500, `${thrownText(error)}\n`);
    }
  }
}

function end(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text);
}
