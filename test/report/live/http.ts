import { request, type IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A request as a program makes it: with any header, Host too. */
export const ask = (url: string, { method = 'GET', headers = {}, body }: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}): Promise<Answer> =>
  new Promise((done, fail) => {
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.once('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.once('error', fail);
    });
    asked.once('error', fail);
    asked.end(body);
  });

export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

export interface Listening {
  readonly events: SentEvent[];
  readonly answer: IncomingMessage;
  /** Waits until it has heard one that fits. */
  until(fits: (event: SentEvent) => boolean): Promise<SentEvent>;
  /** Reads no more, as a browser that hangs. */
  stall(): void;
  goOn(): void;
  close(): void;
}

/** Listens as an EventSource does. */
export const listenTo = (url: string): Promise<Listening> =>
  new Promise((done, fail) => {
    const asked = request(url, { agent: false, headers: { accept: 'text/event-stream' } }, (answer) => {
      const events: SentEvent[] = [];
      const waiting = new Set<() => void>();
      let parts: string[] = [];
      answer.setEncoding('utf8').on('data', (part: string) => {
        parts.push(part);
        // What is sent is written whole, so that no end is torn in two but by chance: then the next one finds it.
        if (!part.includes('\n')) return;
        let text = parts.join('');
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
          text = text.slice(end + 2);
          if (fields['data'] !== undefined) events.push({ event: fields['event'] ?? 'message', data: fields['data'] });
          for (const look of waiting) look();
        }
        parts = [text];
      });
      answer.on('error', () => undefined);
      done({
        events,
        answer,
        until: (fits) =>
          new Promise((found) => {
            const look = (): void => {
              const event = events.find(fits);
              if (event === undefined) return;
              waiting.delete(look);
              found(event);
            };
            waiting.add(look);
            look();
          }),
        stall: () => void answer.pause(),
        goOn: () => void answer.resume(),
        close: () => asked.destroy(),
      });
    });
    asked.once('error', fail);
    asked.end();
  });
