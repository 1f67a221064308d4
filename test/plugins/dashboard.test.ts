import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type FitResult, type TrainerOptions } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { dashboard, gpuProfiler, lrScheduler, seed } from 'trainscope/plugins';
import type { ReportModel } from 'trainscope/report';
import { tensorsLeftBy } from 'trainscope/testing';
import { ask, listenTo } from '../report/live/http.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeEach(async () => {
  await useBackend('cpu');
});

const token = 'correct-horse-battery-staple';
const data = clouds(40);

interface Heard {
  readonly event: string;
  readonly step: number;
  readonly plugin: string | null;
  readonly data: Record<string, unknown>;
}

interface Training {
  readonly trainer: Trainer;
  readonly events: Heard[];
  /** When the page is there. */
  readonly url: Promise<string>;
}

function training(options: Parameters<typeof dashboard>[0] = {}, more: Partial<TrainerOptions> = {}): Training {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, logEvery: 1, ...more, plugins: [...(more.plugins ?? []), dashboard({ port: 0, print: false, after: 'close', ...options })] }) as unknown as Trainer;
  const events: Heard[] = [];
  const url = new Promise<string>((done) => {
    trainer.onAny(({ event, step, plugin, data: facts }) => {
      events.push({ event, step, plugin, data: { ...facts } });
      if (event === 'dashboard') done((facts as { url: string }).url);
    });
  });
  return { trainer, events, url };
}

const post = async (url: string, body: object): Promise<{ readonly status: number; readonly message: string }> => {
  const { status, text } = await ask(`${url}control`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
  return { status, message: (JSON.parse(text) as { message: string }).message };
};

const model = async (url: string): Promise<ReportModel> => JSON.parse((await ask(`${url}model.json`)).text) as ReportModel;
const forever = { epochs: 1_000_000, batchSize: 8 };

describe('the page of a training', () => {
  test('shows it while it runs, and its end when it has ended; the fit leaves no tensor behind', async () => {
    const left = await tensorsLeftBy(async () => {
      const { trainer, url, events } = training();
      const fit = trainer.fit(data, { epochs: 200, batchSize: 8 });
      const page = await listenTo(`${await url}events`);
      const shown = (): ReportModel['runs'][number] | undefined => (JSON.parse(page.events.at(-1)?.data ?? '{"runs":[]}') as ReportModel).runs[0];
      await page.until(() => shown()?.status === 'running' && (shown()?.step ?? 0) > 0);
      const result = await fit;
      await page.until(() => shown()?.status === 'completed');
      // 40 samples in batches of 8, 200 times.
      expect([shown()?.step, shown()?.runId, result.steps]).toEqual([1000, result.runId, 1000]);
      expect(shown()?.log).toMatchObject({ lost: 0, otherLines: 0, total: events.length });
      page.close();
      (trainer.model as LayersModel).dispose();
      await trainer.dispose();
    });
    expect(left).toBe(0);
  });

  test('changes no number of the training', async () => {
    const losses = async (plugins: TrainerOptions['plugins']): Promise<unknown> => {
      const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [seed({ seed: 3 }), ...(plugins ?? [])] });
      const { history } = await trainer.fit(data, { epochs: 3, batchSize: 8 });
      await trainer.dispose();
      return history.map(({ metrics }) => metrics);
    };
    expect(await losses([dashboard({ port: 0, print: false, after: 'close', allowControl: true, token })])).toEqual(await losses([]));
  });

  test('is closed with after: close when the fit has ended', async () => {
    const { trainer, url } = training();
    const fit = trainer.fit(data, forever);
    const at = await url;
    expect((await ask(at)).status).toBe(200);
    trainer.stop();
    await fit;
    await expect.poll(async () => ask(at).then(() => 'there', () => 'gone'), { timeout: 5000 }).toBe('gone');
    await trainer.dispose();
  });

  test('stays with after: serve, and the next fit goes on with it: two trainings are two runs of a page, two fits of one trainer are one', async () => {
    const first = training({ after: 'serve', title: 'both' });
    await first.trainer.fit(data, { epochs: 1, batchSize: 8 });
    await first.trainer.fit(data, { epochs: 1, batchSize: 8 });
    const at = await first.url;
    const second = training({ after: 'serve', title: 'both' });
    await second.trainer.fit(data, { epochs: 1, batchSize: 8 });
    expect(await second.url).toBe(at);
    await expect.poll(async () => (await model(at)).runs.map(({ name, step, status }) => [name, step, status])).toEqual([['both', 10, 'completed'], ['both, 2', 5, 'completed']]);
    await first.trainer.dispose();
    await second.trainer.dispose();
  });

  test('of a port that is taken it takes the next', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    const { port } = other.address() as AddressInfo;
    const { trainer, url } = training({ port });
    await trainer.fit(data, { epochs: 1 });
    expect(Number(new URL(await url).port)).toBeGreaterThan(port);
    other.close();
    await trainer.dispose();
  });

  test('that cannot be served is told of, and the training goes on without it', async () => {
    const { trainer, events } = training({ host: '192.0.2.1' });
    const { reason, steps } = await trainer.fit(data, { epochs: 1, batchSize: 8 });
    expect([reason, steps]).toEqual(['completed', 5]);
    expect(events.filter(({ event }) => event === 'plugin-error').map(({ data: { code, policy } }) => [code, policy])).toEqual([['LIVE_PORT', 'disable']]);
    await trainer.dispose();
  });

  test('a fit that fails before it begins leaves nothing open', async () => {
    const { trainer, events } = training();
    await expect(trainer.fit({ inputs: [[1, 2, 3, 4]], labels: [7] }, { epochs: 1 })).rejects.toMatchObject({ code: 'LABEL_OUT_OF_RANGE' });
    expect(events.filter(({ event }) => event === 'dashboard')).toEqual([]);
    await trainer.dispose();
  });
});

describe('options', () => {
  test.each([
    [{ token: 'short' }, 'token'],
    [{ port: 65_536 }, 'port'],
    [{ after: 'stay' }, 'after'],
    [{ alowControl: true }, 'did you mean "allowControl"'],
  ])('%j is refused', (options, text) => {
    expect(() => dashboard(options as never)).toThrow(text);
  });

  test('the token is in no event, whoever chose it', async () => {
    const { trainer, events } = training({ allowControl: true, token });
    await trainer.fit(data, { epochs: 1 });
    expect(JSON.stringify(events)).not.toContain(token);
    expect(JSON.stringify(events)).toContain('[function hidden]');
    await trainer.dispose();
  });
});

describe('control', () => {
  const controlled = (more: Partial<TrainerOptions> = {}): Training => training({ allowControl: true, token }, more);

  test('pause holds the training between two steps, resume lets it go on, stop ends it; each is an event', async () => {
    const { trainer, url, events } = controlled();
    const fit = trainer.fit(data, forever);
    const at = await url;
    const steps = (): number => events.filter(({ event }) => event === 'step').length;
    const { message } = await post(at, { action: 'pause' });
    // The event of the step that is done comes after the pause.
    const paused = steps();
    expect(message).toBe(`Paused after step ${String(paused + 1)}.`);
    await new Promise((done) => setTimeout(done, 300));
    expect(steps()).toBe(paused);
    expect((await post(at, { action: 'pause' })).message).toBe('It is paused already.');
    await post(at, { action: 'resume' });
    await expect.poll(steps).toBeGreaterThan(paused + 1);
    expect((await post(at, { action: 'resume' })).message).toBe('It is not paused.');
    await post(at, { action: 'stop' });
    const { reason, stoppedBy, message: why } = await fit;
    expect([reason, stoppedBy, why]).toEqual(['stopped', 'dashboard', 'stopped from the dashboard']);
    const done = events.filter(({ event }) => event === 'dashboard-control');
    expect(done.map(({ data: { action } }) => action)).toEqual(['pause', 'resume', 'stop']);
    expect(done[1]?.data['paused']).toBeGreaterThan(299);
    await trainer.dispose();
  });

  test('paused time is neither the plugin\'s nor the loop\'s', async () => {
    let times: { readonly all: number; readonly mine: number } | undefined;
    const look = definePlugin({ name: 'look', summary: 'Looks at the times.', role: 'observe', hooks: () => ({ fitEnd: (_info, context) => void (times = { all: Object.values<number>({ ...context.times }).reduce((sum, each) => sum + each, 0), mine: context.pluginTimes['dashboard'] ?? NaN }) }) });
    const { trainer, url, events } = controlled({ plugins: [look()] });
    const began = performance.now();
    const fit = trainer.fit(data, forever);
    const at = await url;
    await expect.poll(() => events.filter(({ event }) => event === 'step').length).toBeGreaterThan(25);
    await post(at, { action: 'pause' });
    await new Promise((done) => setTimeout(done, 1500));
    await post(at, { action: 'resume' });
    await expect.poll(() => events.filter(({ event, data: { action } }) => event === 'dashboard-control' && action === 'resume').length).toBe(1);
    await post(at, { action: 'stop' });
    await fit;
    const whole = performance.now() - began;
    expect(times?.all).toBeLessThan(whole - 1500);
    expect(events.filter(({ event }) => event === 'plugin-slow')).toEqual([]);
    await trainer.dispose();
  });

  test('a learning rate holds from the next step on, during a pause too', async () => {
    const { trainer, url, events } = controlled({ optimizer: { name: 'sgd', learningRate: 0.01 } });
    const fit = trainer.fit(data, forever);
    const at = await url;
    expect((await post(at, { action: 'learning-rate', value: 0.5 })).message).toBe('The learning rate is 0.5; it was 0.01.');
    await post(at, { action: 'pause' });
    expect((await post(at, { action: 'learning-rate', value: 0.25 })).message).toBe('The learning rate is 0.25; it was 0.5.');
    await post(at, { action: 'resume' });
    await expect.poll(() => events.findLast(({ event }) => event === 'step')?.data['learningRate']).toBe(0.25);
    trainer.stop();
    await fit;
    const rates = events.filter(({ event }) => event === 'step').map(({ data: { learningRate } }) => learningRate);
    expect([...new Set(rates)]).toEqual(expect.arrayContaining([0.25]));
    const [set] = events.filter(({ event }) => event === 'dashboard-control');
    expect(events.find(({ event, step }) => event === 'step' && step === (set?.step ?? 0) + 1)?.data['learningRate']).toBe(0.5);
    await trainer.dispose();
  });

  test('a schedule sets it again', async () => {
    const { trainer, url, events } = controlled({ optimizer: { name: 'sgd', learningRate: 0.01 }, plugins: [lrScheduler({ per: 'step', schedule: { kind: 'constant', learningRate: 0.02 } })] });
    const fit = trainer.fit(data, forever);
    await post(await url, { action: 'learning-rate', value: 0.5 });
    await expect.poll(() => events.findLast(({ event }) => event === 'step')?.data['learningRate']).toBe(0.02);
    trainer.stop();
    await fit;
    await trainer.dispose();
  });

  test('an abort and a stop from elsewhere end a pause', async () => {
    for (const end of ['abort', 'stop'] as const) {
      const controller = new AbortController();
      const { trainer, url } = controlled();
      const fit = trainer.fit(data, { ...forever, signal: controller.signal });
      await post(await url, { action: 'pause' });
      if (end === 'abort') controller.abort();
      else trainer.stop();
      expect((await fit).reason).toBe(end === 'abort' ? 'aborted' : 'stopped');
      await trainer.dispose();
    }
  });

  test('pause is resumed from another connection, and the page says how it stands to one who comes later', async () => {
    const { trainer, url } = controlled();
    const fit = trainer.fit(data, forever);
    const at = await url;
    await post(at, { action: 'pause' });
    const page = await listenTo(`${at}events`);
    await page.until(({ event, data: text }) => event === 'control' && text.includes('"paused":true'));
    await post(at, { action: 'stop' });
    await fit;
    await page.until(({ event, data: text }) => event === 'control' && text.includes('"ended":true'));
    page.close();
    await trainer.dispose();
  });

  test('with gpuProfiler beside it, the shares of the time are of the time that was trained', async () => {
    const { trainer, url, events } = controlled({ plugins: [gpuProfiler({ gpu: false })] });
    const fit: Promise<FitResult> = trainer.fit(data, forever);
    const at = await url;
    await expect.poll(() => events.filter(({ event }) => event === 'step').length).toBeGreaterThan(25);
    await post(at, { action: 'pause' });
    await new Promise((done) => setTimeout(done, 1000));
    await post(at, { action: 'stop' });
    await fit;
    // A second of pause beside some 30 steps of a millisecond or two would be nearly all of it.
    const shares = events.findLast(({ event }) => event === 'gpu-profile')?.data['shares'] as Record<string, number> | undefined;
    expect(shares?.['plugins']).toBeLessThan(0.5);
    await trainer.dispose();
  });
});

/** A script as a person has it, in a process of its own. */
function runScript(options: string, atEnd = ''): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const script = `import { layers, sequential } from '@tensorflow/tfjs-layers';
    import { Trainer } from 'trainscope';
    import { dashboard } from 'trainscope/plugins';
    const trainer = new Trainer({ model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError', progress: false, plugins: [dashboard(${options})] });
    trainer.on('dashboard', ({ data }) => console.log(data.url));
    await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 3 });
    ${atEnd}`;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: fileURLToPath(new URL('../../', import.meta.url)), stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', fail);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}

describe('the process', () => {
  test('ends when it is done, whatever page is open', async () => {
    const { code, stdout, stderr } = await runScript('{ port: 0 }');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  });

  test('a token that was drawn is printed on stderr behind the address, and nowhere else', async () => {
    const { code, stdout, stderr } = await runScript('{ port: 0, allowControl: true }');
    expect(code).toBe(0);
    const drawn = /^dashboard: http:\/\/127\.0\.0\.1:\d+\/#token=([\w-]{22})\n$/.exec(stderr)?.[1];
    expect(drawn).toBeDefined();
    expect(stdout).not.toContain(String(drawn));
  });

  test('stays with after: hold until it is ended', async () => {
    const { code, stdout } = await runScript("{ port: 0, after: 'hold' }", "setTimeout(() => { console.log('still here'); process.exit(7); }, 1500).unref();");
    expect([code, stdout.split('\n')[1]]).toEqual([7, 'still here']);
  });
});
