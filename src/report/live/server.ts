import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from 'node:http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { checkArgument } from '../../check-argument.js';
import { listProblems, problemsOf } from '../../problems.js';
import { contentSecurityPolicy, reportHtml, type LivePage } from '../html.js';
import type { ReportModel } from '../model.js';
import { actionSchema, type ControlState, type LiveAction } from './actions.js';
import { defaultPort, newToken, tokenSchema } from './address.js';
import { hostCheck, isLoopback } from './allowed-hosts.js';
import { EventStreams } from './event-streams.js';
import { listenFrom } from './listen.js';
import { TokenGate, wrongTokenMs } from './token-gate.js';

/** How a live page acts on a training. */
export interface LiveControl {
  /** Who has it may control the training. Default: 128 random bits. */
  readonly token?: string | undefined;
  readonly state: () => ControlState;
  /** Hands the action on. @returns what is told to who asked, in a sentence. @throws Error with the reason it cannot be done */
  readonly act: (action: LiveAction) => string | Promise<string>;
}

export interface LiveServerOptions {
  /** Address to listen at. Default 127.0.0.1: this machine alone can look. */
  readonly host?: string | undefined;
  /** The first port that is tried; 0: any that is free. Default 6007. */
  readonly port?: number | undefined;
  /** Names in the Host header that are answered besides: those of a proxy in front. */
  readonly hosts?: readonly string[] | undefined;
  readonly model: () => ReportModel;
  /** Rises when there is something new. */
  readonly version: () => number;
  /** Without it nothing can be done from the page. */
  readonly control?: LiveControl | undefined;
}

export interface LiveServer {
  /** For people: with a name that a browser on this machine reaches, and without the token. */
  readonly url: string;
  readonly port: number;
  readonly token: string | null;
  /** What who started it should know. */
  readonly warnings: readonly string[];
  /** There may be something new. */
  changed(): void;
  /** Sends the newest to all who take it; waits no longer than `ms`. */
  flush(ms: number): Promise<void>;
  close(): Promise<void>;
}

const schema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65535).default(defaultPort),
  hosts: z.array(z.string().min(1)).default([]),
  token: tokenSchema.optional(),
});

/** An action has some 50 bytes. */
const longestBody = 1024;

/** Wrong tokens whose answers wait: one who opens many connections gets no further. */
const mostWaiting = 32;

type Env = { readonly Bindings: HttpBindings };

/**
 * Serves a report's page that follows a training: the page at /, its updates as server-sent events at /events, the model
 * as JSON at /model.json.
 *
 * It answers nobody but pages of its own (no CORS, Host and Origin are looked at), and takes actions with the token alone.
 * @throws ConfigError OPTIONS_INVALID; TrainscopeError LIVE_PORT when it cannot listen
 */
export async function serveLive({ model, version, control, ...given }: LiveServerOptions): Promise<LiveServer> {
  const { host, port, hosts, token: wanted } = checkArgument('options of the live page', schema, { ...given, token: control?.token });
  const token = control === undefined ? null : (wanted ?? newToken());
  const streams = new EventStreams({
    version,
    model: () => JSON.stringify(model()),
    control: () => (control === undefined ? '' : JSON.stringify(control.state())),
  });
  const live: LivePage = { events: '/events', control: control === undefined ? null : { path: '/control' } };
  const headers = {
    'content-security-policy': `${contentSecurityPolicy({ live })}; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  };

  const app = new Hono<Env>();
  const isAllowed = hostCheck(host, hosts);
  app.use(async (context, next) => {
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    const { headers: sent } = context.env.incoming;
    if (!isAllowed(sent.host)) return context.text('This page is not served under that name. Use localhost, or name it with the option hosts.\n', 403);
    // A page of another site may not even read: browsers say whose the request is.
    const site = sent['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && sent['sec-fetch-mode'] !== 'navigate') return context.text('Only the page itself may ask.\n', 403);
    return next();
  });
  app.get('/', (context) => context.html(reportHtml(model(), { live })));
  app.get('/events', (context) => {
    // GET stands for HEAD too, which has no stream.
    if (context.env.incoming.method === 'HEAD') return context.body(null, 200, { 'content-type': 'text/event-stream' });
    if (streams.add(context.env.outgoing, headers)) return RESPONSE_ALREADY_SENT;
    return context.text('As many pages as there may be look at this training already.\n', 503, { 'retry-after': '30' });
  });
  app.get('/model.json', (context) => context.body(streams.json(), 200, { 'content-type': 'application/json; charset=utf-8' }));
  app.get('/healthz', (context) => context.json({ ok: true, version: version(), pages: streams.size }));
  app.get('/favicon.ico', (context) => context.body(null, 204));
  if (control !== undefined && token !== null) app.post('/control', ...takeActions(control, new TokenGate(token), () => streams.changed()));
  app.notFound((context) => context.text('There is no such page.\n', 404));
  app.onError((_error, context) => context.text('That failed.\n', 500));

  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const listening = await listenFrom(server, host, port);
  // Once it listens, an error is of a connection, and none of the training's.
  server.on('error', () => undefined);
  return {
    url: `http://${shownHost(host)}:${String(listening)}/`,
    port: listening,
    token,
    warnings: warningsOf({ host, port, listening, isControlled: control !== undefined }),
    changed: () => streams.changed(),
    flush: (ms) => streams.flush(ms),
    close: () =>
      new Promise((done) => {
        streams.close();
        server.close(() => done());
        server.closeIdleConnections();
        // Those who do not take the rest of what was written do not hold it.
        setTimeout(() => server.closeAllConnections(), closeMs).unref();
      }),
  };
}

/** Enough to write what is under way to a browser on this machine. */
const closeMs = 250;

/** The handlers of POST /control, in their order. */
function takeActions(control: LiveControl, gate: TokenGate, changed: () => void) {
  let waiting = 0;
  const refused = (context: Context<Env>, status: 400 | 401 | 403 | 409 | 413 | 415 | 429, message: string): Response => context.json({ ok: false, message }, status);
  return [
    async (context: Context<Env>, next: () => Promise<void>): Promise<Response | undefined> => {
      const { headers, socket } = context.env.incoming;
      if (headers.origin !== undefined && hostOf(headers.origin) !== headers.host) return refused(context, 403, 'Only the page itself may ask.');
      const admission = gate.admit(socket.remoteAddress ?? '', headers.authorization);
      if (admission === 'too-many' || (admission === 'wrong' && waiting >= mostWaiting)) {
        context.header('retry-after', '60');
        return refused(context, 429, 'Too many wrong tokens. Wait a minute.');
      }
      if (admission === 'wrong') {
        waiting += 1;
        await sleep(wrongTokenMs, undefined, { ref: false });
        waiting -= 1;
        context.header('www-authenticate', 'Bearer');
        return refused(context, 401, 'That is not the token. It stands behind the address that was printed when the training began.');
      }
      if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return refused(context, 415, 'An action is sent as application/json.');
      await next();
      return undefined;
    },
    bodyLimit({ maxSize: longestBody, onError: (context) => refused(context as Context<Env>, 413, 'An action is shorter.') }),
    async (context: Context<Env>): Promise<Response> => {
      let body: unknown;
      try {
        body = await context.req.json();
      } catch {
        return refused(context, 400, 'That is no JSON.');
      }
      const action = actionSchema.safeParse(body);
      if (!action.success) return refused(context, 400, `The action is not valid: ${listProblems(problemsOf(action.error, actionSchema, body))}.`);
      if (control.state().ended) return refused(context, 409, 'The training has ended.');
      try {
        const message = await control.act(action.data);
        changed();
        return context.json({ ok: true, message });
      } catch (error) {
        return refused(context, 409, error instanceof Error ? error.message : String(error));
      }
    },
  ] as const;
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

const wildcards = new Set(['0.0.0.0', '::']);

/** A wildcard is no address to go to. */
const shownHost = (host: string): string => (wildcards.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host);

function warningsOf({ host, port, listening, isControlled }: { readonly host: string; readonly port: number; readonly listening: number; readonly isControlled: boolean }): readonly string[] {
  const isOpen = !isLoopback(host);
  return [
    ...(port !== 0 && listening !== port ? [`port ${String(port)} is taken: the page is at ${String(listening)}`] : []),
    ...(isOpen ? [`everyone who reaches ${host} can look at this training, and what is sent can be read on the way${isControlled ? ', the token too' : ''}: with 127.0.0.1 and an SSH tunnel they cannot`] : []),
  ];
}
