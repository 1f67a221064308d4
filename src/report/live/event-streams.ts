import type { ServerResponse } from 'node:http';

/** At most one page a second: more than the eye follows in a curve. */
export const everyMs = 1000;
/** Making a page takes at most this share of a core's time: one of a large run takes 100 ms and more. */
const share = 0.1;
/** Comments that keep proxies from closing a quiet connection: many do after 60 s, some after 30. */
export const heartbeatMs = 15_000;
/** How long a browser waits before it connects again, ms. */
const retryMs = 2000;
/** Of one who took nothing for this long the connection is ended; a browser that wakes up connects again. */
export const stuckMs = 120_000;
/** Pages that look at once. */
export const mostClients = 32;

interface Client {
  readonly out: ServerResponse;
  /** Version of the newest model that it was sent. */
  version: number;
  /** The newest control state that it was sent, as text. */
  control: string;
  /** Since when what was sent has not been taken; undefined: all was. */
  stuckSince: number | undefined;
}

export interface StreamSource {
  /** Rises when there is something new. */
  readonly version: () => number;
  /** The newest model, as JSON. Called when someone can take it, and at most once a version. */
  readonly model: () => string;
  /** The control state, as JSON; '' without. */
  readonly control: () => string;
}

/**
 * Sends the newest model to all who listen by server-sent events. Nothing is kept for one who is slow: while a
 * connection has not taken what was written, nothing more is; then it gets what is the newest.
 */
export class EventStreams {
  readonly #clients = new Set<Client>();
  readonly #source: StreamSource;
  readonly #heartbeat: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;
  #interval = everyMs;
  #made: { readonly version: number; readonly text: string } | undefined;
  #waiting: (() => void)[] = [];

  constructor(source: StreamSource) {
    this.#source = source;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  /** The model as JSON, made once a version. */
  json(): string {
    const version = this.#source.version();
    if (this.#made?.version !== version) {
      const began = performance.now();
      this.#made = { version, text: this.#source.model() };
      this.#interval = Math.max(everyMs, (performance.now() - began) / share);
    }
    return this.#made.text;
  }

  /** @returns false when there are as many as there may be. The headers are not sent then. */
  add(out: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#clients.size >= mostClients) return false;
    out.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no', connection: 'keep-alive' });
    // Each is sent at once and whole: waiting for more would only make it late.
    out.socket?.setNoDelay(true);
    const client: Client = { out, version: -1, control: '', stuckSince: undefined };
    this.#clients.add(client);
    const gone = (): void => {
      this.#clients.delete(client);
      this.#settled();
    };
    out.on('close', gone).on('error', gone);
    out.on('drain', () => {
      client.stuckSince = undefined;
      this.changed();
    });
    this.#write(client, `retry: ${String(retryMs)}\n\n`);
    this.#serve(client);
    return true;
  }

  /** There may be something new. */
  changed(): void {
    // What a person did is answered at once.
    for (const client of this.#clients) if (client.stuckSince === undefined) this.#tellControl(client);
    if (this.#timer !== undefined) return;
    if (![...this.#clients].some((client) => this.#isBehind(client))) {
      this.#settled();
      return;
    }
    const wait = this.#sentAt + this.#interval - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const client of this.#clients) this.#serve(client);
      this.#settled();
    }, Math.max(0, wait));
  }

  /** When all who take what they are sent have the newest, or after `ms`. */
  async flush(ms: number): Promise<void> {
    this.#sentAt = -Infinity;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let late: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((done) => {
        this.#waiting.push(done);
        for (const client of this.#clients) this.#serve(client);
        this.#settled();
      }),
      new Promise<void>((done) => {
        late = setTimeout(done, ms);
      }),
    ]);
    clearTimeout(late);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    for (const { out } of this.#clients) out.end();
    this.#clients.clear();
  }

  #isBehind(client: Client): boolean {
    return client.stuckSince === undefined && (client.version !== this.#source.version() || client.control !== this.#source.control());
  }

  #serve(client: Client): void {
    if (client.stuckSince !== undefined) return;
    this.#tellControl(client);
    const version = this.#source.version();
    if (client.version === version) return;
    client.version = version;
    this.#sentAt = performance.now();
    this.#write(client, `event: model\nid: ${String(version)}\ndata: ${this.json()}\n\n`);
  }

  #tellControl(client: Client): void {
    const control = this.#source.control();
    if (client.control === control) return;
    client.control = control;
    this.#write(client, `event: control\ndata: ${control}\n\n`);
  }

  #write(client: Client, text: string): void {
    if (!client.out.write(text)) client.stuckSince ??= performance.now();
  }

  /** Tells those who wait for it that no one is behind who takes what they are sent. */
  #settled(): void {
    if (this.#waiting.length === 0) return;
    if ([...this.#clients].some((client) => client.stuckSince !== undefined || this.#isBehind(client))) return;
    for (const done of this.#waiting.splice(0)) done();
  }

  #beat(): void {
    const now = performance.now();
    for (const client of this.#clients) {
      if (client.stuckSince === undefined) this.#write(client, ': still here\n\n');
      else if (now - client.stuckSince > stuckMs) client.out.destroy();
    }
  }
}
