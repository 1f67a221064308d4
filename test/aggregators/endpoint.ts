import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { Worker } from 'node:worker_threads';

/** A request that came in, whole and decompressed. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Endpoint {
  readonly url: string;
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

/** What an endpoint answers as: Elasticsearch's client asks first whether it is one, and reads what became of each item. */
export type Kind = 'plain' | 'elasticsearch' | 'refusing';

const source = `
  const { createServer } = require('node:http');
  const { gunzipSync } = require('node:zlib');
  const { parentPort, workerData } = require('node:worker_threads');
  const answers = {
    plain: () => ({ status: 200, headers: {}, body: {} }),
    refusing: () => ({ status: 400, headers: {}, body: { message: 'no' } }),
    elasticsearch: ({ path, body }) => ({
      status: 200,
      headers: { 'x-elastic-product': 'Elasticsearch' },
      body: path.startsWith('/_bulk')
        ? { took: 1, errors: false, items: body.split('\\n').filter((line) => line.startsWith('{"index"')).map(() => ({ index: { _id: 'x', status: 201 } })) }
        : { name: 'n', cluster_name: 'c', version: { number: '9.0.0' }, tagline: 'You Know, for Search' },
    }),
  };
  const server = createServer((incoming, response) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const raw = Buffer.concat(chunks);
      const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
      const request = { method: incoming.method, path: incoming.url, headers: incoming.headers, body };
      parentPort.postMessage({ request });
      const answer = answers[workerData](request);
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
  parentPort.on('message', () => { server.closeAllConnections(); server.close(); parentPort.postMessage({ closed: true }); parentPort.close(); });
`;

/**
 * An HTTP server on a free port of this machine that keeps what it gets. It has a thread of its own: the end of a pino
 * worker blocks the thread that asks for it, and a server on that thread could not answer what the worker waits for.
 */
export async function endpoint(kind: Kind = 'plain'): Promise<Endpoint> {
  const requests: Request[] = [];
  const worker = new Worker(source, { eval: true, workerData: kind });
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
  const closed = new Promise<void>((resolve) => {
    worker.on('message', (message: { request?: Request; closed?: true }) => {
      if (message.request !== undefined) requests.push(message.request);
      if (message.closed === true) resolve();
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      worker.postMessage('close');
      await closed; // after all requests, which were posted before
    },
  };
}

/** Lets the event loop turn until something is so; the test's own time limit ends it otherwise. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
};
