/** What runs in the thread of a dashboard: it takes events from the training, and serves the page that shows them. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { TrainscopeError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';
import type { ControlState } from './actions.js';
import { startKey, type FromPage, type PageStart, type ToPage } from './messages.js';
import { PageRuns } from './page-runs.js';
import { serveLive, type LiveServer } from './server.js';

/**
 * For how long the page waits to hear that an action was taken. A training hears of it when its loop lets others turn:
 * after 50 ms, or after a step that takes longer.
 */
const answerMs = 3000;

const { host, port, hosts, token, title } = (workerData as Readonly<Record<typeof startKey, PageStart>>)[startKey];
const parent = parentPort as MessagePort;
const runs = new PageRuns(title);
let state: ControlState = { paused: false, learningRate: null, ended: true };
let asked = 0;
const answers = new Map<number, (answer: { readonly ok: boolean; readonly message: string }) => void>();
const tell = (message: FromPage): void => parent.postMessage(message);

try {
  const server = await serveLive({
    host,
    port,
    hosts,
    model: () => runs.model(),
    version: () => runs.version,
    control:
      token === null
        ? undefined
        : {
            token,
            state: () => state,
            act: async (action) => {
              asked += 1;
              const id = asked;
              let late: NodeJS.Timeout | undefined;
              const answer = await new Promise<{ readonly ok: boolean; readonly message: string }>((done) => {
                answers.set(id, done);
                late = setTimeout(() => done({ ok: true, message: 'Asked for; the training takes it after its present step.' }), answerMs);
                tell({ kind: 'action', id, action });
              });
              clearTimeout(late);
              answers.delete(id);
              if (!answer.ok) throw new Error(answer.message);
              return answer.message;
            },
          },
  });
  parent.on('message', (message: ToPage) => take(message, server));
  tell({ kind: 'listening', url: server.url, port: server.port, warnings: server.warnings });
} catch (error) {
  tell({ kind: 'failed', code: error instanceof TrainscopeError ? error.code : null, message: thrownText(error) });
}

function take(message: ToPage, server: LiveServer): void {
  switch (message.kind) {
    case 'lines':
      runs.lines(message.runId, message.text);
      tell({ kind: 'taken', bytes: message.text.length });
      server.changed();
      return;
    case 'lost':
      runs.lost(message.runId, message.count);
      server.changed();
      return;
    case 'state':
      ({ state } = message);
      server.changed();
      return;
    case 'answer':
      answers.get(message.id)?.(message);
      return;
    case 'flush':
      void server.flush(message.ms).then(() => tell({ kind: 'flushed', id: message.id }));
      return;
    case 'close':
      void server.close().then(() => parent.close());
  }
}
