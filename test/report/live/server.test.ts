import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ReportModel } from 'trainscope/report';
import type { ControlState, LiveAction } from '../../../src/report/live/actions.js';
import { serveLive, type LiveServer, type LiveServerOptions } from '../../../src/report/live/server.js';
import { mostTries } from '../../../src/report/live/token-gate.js';
import { ask, listenTo } from './http.js';

let server: LiveServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const empty = (title: string): ReportModel => ({ format: 1, title, made: 0, runs: [], comparison: null });

/** Something to look at whose title says which version it is. */
function shown(padding = 0): { version: number; made: number; options: Pick<LiveServerOptions, 'model' | 'version'> } {
  const it = {
    version: 1,
    made: 0,
    options: {
      version: () => it.version,
      model: () => {
        it.made += 1;
        return empty(`version ${String(it.version)}${' '.repeat(padding)}`);
      },
    },
  };
  return it;
}

const serve = async (options: Partial<LiveServerOptions> = {}): Promise<LiveServer> => (server = await serveLive({ port: 0, ...shown().options, ...options }));

const token = 'correct-horse-battery-staple';

/** A training that does what it is told. */
function controlled(): { actions: LiveAction[]; state: ControlState; control: NonNullable<LiveServerOptions['control']> } {
  const it = {
    actions: [] as LiveAction[],
    state: { paused: false, learningRate: 0.1, ended: false } as ControlState,
    control: {
      token,
      state: () => it.state,
      act: (action: LiveAction) => {
        it.actions.push(action);
        it.state = { ...it.state, paused: action.action === 'pause' };
        return `done: ${action.action}`;
      },
    },
  };
  return it;
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(`${url}control`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers } });

describe('the page', () => {
  test('answers HEAD of the stream without a stream, and prints nothing', async () => {
    const said = vi.spyOn(console, 'error');
    const { url } = await serve();
    const { status } = await fetch(`${url}events`, { method: 'HEAD' });
    expect({ status, said: said.mock.calls }).toEqual({ status: 200, said: [] });
    said.mockRestore();
  });

  test('holds the model, listens on 127.0.0.1 alone and is kept by nobody', async () => {
    const { url, port, warnings } = await serve();
    expect(url).toBe(`http://127.0.0.1:${String(port)}/`);
    expect(warnings).toEqual([]);
    const { status, headers, text } = await ask(url);
    expect(status).toBe(200);
    expect(text).toContain('"title":"version 1"');
    expect(text).toContain('<script type="application/json" id="live">{"events":"/events","control":null}</script>');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'sha256-.*connect-src 'self'; frame-ancestors 'none'$/);
  });

  test('is also there as JSON, and says that it is well', async () => {
    const { url } = await serve();
    expect(JSON.parse((await ask(`${url}model.json`)).text)).toEqual(empty('version 1'));
    expect(JSON.parse((await ask(`${url}healthz`)).text)).toEqual({ ok: true, version: 1, pages: 0 });
    expect((await ask(`${url}etc/passwd`)).status).toBe(404);
  });

  test('goes to the next port where one is taken, and says so', async () => {
    const first = await serveLive({ port: 0, ...shown().options });
    try {
      const { port, warnings } = await serve({ port: first.port });
      expect(port).toBeGreaterThan(first.port);
      expect(warnings).toEqual([`port ${String(first.port)} is taken: the page is at ${String(port)}`]);
    } finally {
      await first.close();
    }
  });

  test('warns where others than this machine can look', async () => {
    const { url, warnings } = await serve({ host: '0.0.0.0' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('everyone who reaches 0.0.0.0 can look');
  });

  test('cannot listen at an address that is none of this machine', async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737).
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'LIVE_PORT' });
  });
});

describe('who is answered', () => {
  test.each([
    ['evil.example', 403],
    ['evil.example:6007', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example', 403],
    ['192.168.0.10:6007', 403],
    ['localhost@evil.example', 400],
    ['localhost:9999', 200],
    ['LOCALHOST', 200],
    ['127.0.0.1', 200],
    ['[::1]:6007', 200],
  ])('Host: %s on loopback is answered with %i', async (host, status) => {
    const { url } = await serve();
    for (const path of ['', 'model.json', 'healthz']) expect((await ask(url + path, { headers: { host } })).status).toBe(status);
  });

  test('a foreign Host hears no events', async () => {
    const { url } = await serve();
    expect((await ask(`${url}events`, { headers: { host: 'evil.example' } })).status).toBe(403);
  });

  test('beyond loopback addresses are answered, and still no foreign name; a proxy has its name by the option hosts', async () => {
    const { url } = await serve({ host: '0.0.0.0', hosts: ['train.example'] });
    const status = async (host: string): Promise<number> => (await ask(url, { headers: { host } })).status;
    expect([await status('192.168.0.10:6007'), await status('train.example'), await status('evil.example')]).toEqual([200, 200, 403]);
  });

  test('a page of another site cannot read, but a link from it opens the page', async () => {
    const { url } = await serve();
    const from = (site: string, mode: string): Promise<number> => ask(`${url}${mode === 'navigate' ? '' : 'model.json'}`, { headers: { 'sec-fetch-site': site, 'sec-fetch-mode': mode } }).then(({ status }) => status);
    expect([await from('cross-site', 'cors'), await from('same-site', 'no-cors'), await from('cross-site', 'navigate'), await from('same-origin', 'cors')]).toEqual([403, 403, 200, 200]);
  });
});

describe('events', () => {
  test('come at once with the newest, and again when something has changed', async () => {
    const it = shown();
    const { url, changed } = await serve(it.options);
    const page = await listenTo(`${url}events`);
    expect(page.answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await page.until(({ data }) => data.includes('version 1'));
    it.version = 2;
    changed();
    await page.until(({ data }) => data.includes('version 2'));
    expect(page.events.map(({ event }) => event)).toEqual(['model', 'model']);
    page.close();
  });

  test('of 50 versions within a second one is sent, the last; a model is made once for three pages', async () => {
    const it = shown();
    const { url, changed } = await serve(it.options);
    const pages = await Promise.all([1, 2, 3].map(() => listenTo(`${url}events`)));
    await Promise.all(pages.map((page) => page.until(({ data }) => data.includes('version 1'))));
    expect(it.made).toBe(1);
    for (it.version = 2; it.version < 51; it.version += 1) changed();
    await Promise.all(pages.map((page) => page.until(({ data }) => data.includes('version 51'))));
    expect(pages.map(({ events }) => events.length)).toEqual([2, 2, 2]);
    expect(it.made).toBe(2);
    for (const page of pages) page.close();
  });

  test('for one who takes nothing nothing is kept: the others go on, and it gets the newest alone when it goes on', async () => {
    // 8 MiB a model: more than the sockets of both sides hold.
    const it = shown(8 << 20);
    const { url, changed } = await serve(it.options);
    const quick = await listenTo(`${url}events`);
    const stuck = await listenTo(`${url}events`);
    stuck.stall();
    for (let version = 2; version <= 5; version += 1) {
      it.version = version;
      changed();
      await quick.until(({ data }) => data.includes(`version ${String(version)} `));
    }
    stuck.goOn();
    await stuck.until(({ data }) => data.includes('version 5 '));
    const versions = stuck.events.map(({ data }) => Number(/version (\d+)/.exec(data)?.[1]));
    // What was under way when it stopped reading, and the newest.
    expect(versions.length).toBeLessThanOrEqual(2);
    expect(versions.at(-1)).toBe(5);
    expect(quick.events).toHaveLength(5);
    quick.close();
    stuck.close();
  });

  test('flush sends the newest at once, and does not wait for one who takes nothing', async () => {
    const it = shown(8 << 20);
    const { url, flush } = await serve(it.options);
    const quick = await listenTo(`${url}events`);
    const stuck = await listenTo(`${url}events`);
    await quick.until(() => true);
    stuck.stall();
    it.version = 2;
    await flush(200);
    await quick.until(({ data }) => data.includes('version 2 '));
    quick.close();
    stuck.close();
  });

  test('more than 32 pages are refused, and one that goes makes room', async () => {
    const { url } = await serve();
    const pages = await Promise.all(Array.from({ length: 32 }, () => listenTo(`${url}events`)));
    expect((await ask(`${url}events`)).status).toBe(503);
    pages[0]?.close();
    await expect.poll(async () => (JSON.parse((await ask(`${url}healthz`)).text) as { pages: number }).pages).toBe(31);
    for (const page of pages) page.close();
  });
});

describe('control', () => {
  test('without allowControl there is nowhere to ask', async () => {
    const { url, token: none } = await serve();
    expect(none).toBeNull();
    expect((await post(url, { action: 'stop' })).status).toBe(404);
  });

  test('with the token an action is taken, answered, and shown to all pages at once', async () => {
    const it = controlled();
    const { url } = await serve({ control: it.control });
    const page = await listenTo(`${url}events`);
    await page.until(({ event, data }) => event === 'control' && data === '{"paused":false,"learningRate":0.1,"ended":false}');
    const { status, text } = await post(url, { action: 'pause' });
    expect([status, JSON.parse(text)]).toEqual([200, { ok: true, message: 'done: pause' }]);
    await page.until(({ event, data }) => event === 'control' && data.includes('"paused":true'));
    await post(url, { action: 'learning-rate', value: 0.5 });
    expect(it.actions).toEqual([{ action: 'pause' }, { action: 'learning-rate', value: 0.5 }]);
    page.close();
  });

  test('without a token of the user one is drawn: 128 bits, another each time, and not in the address or the page', async () => {
    const { control } = controlled();
    const { token: first, url } = await serve({ control: { ...control, token: undefined } });
    const other = await serveLive({ port: 0, ...shown().options, control: { ...control, token: undefined } });
    await other.close();
    expect(first).toMatch(/^[\w-]{22}$/);
    expect(other.token).not.toBe(first);
    expect(url).not.toContain(String(first));
    expect((await ask(url)).text).not.toContain(String(first));
  });

  test.each([
    ['a wrong token', { authorization: 'Bearer correct-horse-battery-stapl3' }],
    ['a part of it', { authorization: 'Bearer correct-horse' }],
    ['none', { authorization: '' }],
    ['another scheme', { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` }],
  ])('%s is refused, and nothing is done', async (_what, headers) => {
    const it = controlled();
    const { url } = await serve({ control: it.control });
    expect((await post(url, { action: 'stop' }, headers)).status).toBe(401);
    expect(it.actions).toEqual([]);
  });

  test('a token in the query or a cookie counts for nothing', async () => {
    const it = controlled();
    const { url } = await serve({ control: it.control });
    const { status } = await ask(`${url}control?token=${token}`, { method: 'POST', body: '{"action":"stop"}', headers: { 'content-type': 'application/json', cookie: `token=${token}` } });
    expect([status, it.actions]).toEqual([401, []]);
  });

  test('after ten wrong tokens no token is looked at for a minute', async () => {
    const it = controlled();
    const { url } = await serve({ control: it.control });
    const wrong = await Promise.all(Array.from({ length: mostTries }, () => post(url, { action: 'stop' }, { authorization: 'Bearer wrong-wrong-wrong-wrong' })));
    expect(wrong.map(({ status }) => status)).toEqual(Array.from({ length: mostTries }, () => 401));
    expect((await post(url, { action: 'stop' })).status).toBe(429);
    expect(it.actions).toEqual([]);
  });

  test('a page of another origin is refused even with the token', async () => {
    const it = controlled();
    const { url, port } = await serve({ control: it.control });
    expect((await post(url, { action: 'stop' }, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(url, { action: 'stop' }, { origin: 'null' })).status).toBe(403);
    expect((await post(url, { action: 'stop' }, { host: 'evil.example' })).status).toBe(403);
    expect((await post(url, { action: 'stop' }, { origin: `http://127.0.0.1:${String(port)}` })).status).toBe(200);
  });

  test.each([
    ['another content type', { action: 'stop' }, { 'content-type': 'text/plain' }, 415],
    ['no JSON', '{"action":', {}, 400],
    ['an unknown action', { action: 'rm' }, {}, 400],
    ['a negative learning rate', { action: 'learning-rate', value: -1 }, {}, 400],
    ['an infinite learning rate', '{"action":"learning-rate","value":1e999}', {}, 400],
    ['more than there is', { action: 'stop', value: 1 }, {}, 400],
    ['too much', { action: 'stop', padding: ' '.repeat(2000) }, {}, 413],
  ])('%s is refused', async (_what, body, headers, status) => {
    const it = controlled();
    const { url } = await serve({ control: it.control });
    expect((await post(url, body, headers)).status).toBe(status);
    expect(it.actions).toEqual([]);
  });

  test('a training that has ended, and one that refuses, say so', async () => {
    const it = controlled();
    const { url } = await serve({ control: { ...it.control, act: () => { throw new Error('it has no learning rate'); } } });
    const refused = await post(url, { action: 'learning-rate', value: 1 });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([409, { ok: false, message: 'it has no learning rate' }]);
    it.state = { ...it.state, ended: true };
    expect((await post(url, { action: 'stop' })).text).toContain('The training has ended');
  });

  test('a token below 16 characters, or with characters that a header has not, is refused before anything listens', async () => {
    const { control } = controlled();
    await expect(serve({ control: { ...control, token: 'short' } })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    await expect(serve({ control: { ...control, token: 'with a space in the middle' } })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});
