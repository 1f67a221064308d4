import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definePlugin } from '../../src/plugin/index.js';
import { prometheusSink } from '../../src/sinks/index.js';
import { until } from './endpoint.js';
import { count } from './lines.js';
import { train } from './training.js';

function version(program: string): string {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${program} is needed for this test: apt-get install prometheus`, { cause: error });
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** Makes steps slow enough that several scrapes fall into a training. */
const slow = definePlugin({
  name: 'slow',
  summary: 'Waits 100 ms after each step.',
  role: 'observe',
  hooks: () => ({ stepEnd: () => new Promise<void>((resolve) => setTimeout(resolve, 100)) }),
});

let folder = '';
beforeAll(() => {
  version('prometheus');
  version('promtool');
  folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a real Prometheus that scrapes every second', () => {
  interface Sample {
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
  }

  test('holds at the end what the log holds', async () => {
    const [port, own] = [await freePort(), await freePort()];
    const config = join(folder, 'prometheus.yml');
    writeFileSync(config, `scrape_configs:\n  - job_name: training\n    scrape_interval: 1s\n    scrape_timeout: 1s\n    static_configs:\n      - targets: ['127.0.0.1:${port}']\n`);
    const server: ChildProcess = spawn('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${own}`], { stdio: 'ignore' });
    const api = `http://127.0.0.1:${own}/api/v1`;
    const query = async (text: string): Promise<readonly Sample[]> => {
      const answer = (await (await fetch(`${api}/query?query=${encodeURIComponent(text)}`)).json()) as { data: { result: readonly Sample[] } };
      return answer.data.result;
    };
    const value = async (text: string): Promise<number> => {
      const [only, ...others] = await query(text);
      expect(others).toEqual([]);
      return Number(only?.value[1]);
    };
    try {
      await until(async () => (await fetch(`http://127.0.0.1:${own}/-/ready`).catch(() => undefined))?.ok === true);
      // It takes up its targets some seconds after it is ready; then `up` is 0, since there is no sink yet.
      await until(async () => (await query('up')).length === 1);
      const events = await train({
        sinks: [prometheusSink({ port, labels: { experiment: 'clouds' } })],
        plugins: [slow()],
        beforeDispose: async () => {
          await until(async () => (await query('trainscope_runs_total{reason="completed"}')).length === 1);
        },
      });
      const last = (name: string): Readonly<Record<string, unknown>> => events.findLast(({ event }) => event === name)?.data ?? {};
      const step = last('step') as { loss: number; metrics: { accuracy: number } };
      const epoch = last('epoch-end') as { metrics: { loss: number }; validation: { loss: number } };
      expect(await value('trainscope_loss{phase="train"}')).toBe(step.loss);
      expect(await value('trainscope_metric_accuracy{phase="train"}')).toBe(step.metrics.accuracy);
      expect(await value('trainscope_epoch_loss{phase="train"}')).toBe(epoch.metrics.loss);
      expect(await value('trainscope_loss{phase="validation"}')).toBe(epoch.validation.loss);
      expect(await value('trainscope_learning_rate')).toBe(0.1);
      expect(await value('trainscope_steps_total')).toBe(16);
      expect(await value('trainscope_samples_total')).toBe(128);
      expect(await value('trainscope_epochs_total')).toBe(2);
      expect(await value('trainscope_events_total{event="step"}')).toBe(count(events, 'step'));
      expect(await value('trainscope_step_duration_seconds_count')).toBe(16);
      expect(await value('trainscope_running')).toBe(0);
      const norms = last('gradient-norm')['weights'] as Readonly<Record<string, { norm: number }>>;
      const byWeight = await query('trainscope_gradient_norm_by_weight');
      expect(Object.fromEntries(byWeight.map(({ metric, value: [, text] }) => [metric['weight'], Number(text)]))).toEqual(Object.fromEntries(Object.entries(norms).map(([name, { norm }]) => [name, norm])));
      expect(byWeight[0]?.metric).toMatchObject({ experiment: 'clouds', job: 'training' });
      expect((await query('trainscope_run_info'))[0]?.metric).toMatchObject({ run_id: events[0]?.runId, backend: 'cpu', version: '0.1.0' });
      // Scraped while it trained: a growing counter, and the state in between.
      expect((await query('max_over_time(trainscope_running[1m])'))[0]?.value[1]).toBe('1');
      expect(Number((await query('count_over_time(trainscope_step[1m])'))[0]?.value[1])).toBeGreaterThan(1);
    } finally {
      server.kill();
      await new Promise((resolve) => server.once('exit', resolve));
    }
  });
});

describe('the text', () => {
  test('passes promtool check metrics, and NaN is in it', async () => {
    const sink = prometheusSink({ registry: new Registry() });
    await train({ sinks: [sink], diverges: true });
    const text = await sink.metrics();
    expect(text).toMatch(/^trainscope_loss\{phase="train"\} nan$/im);
    // It complains of bad names and units with exit code 3, and of what it cannot read with 1.
    expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  });
});
