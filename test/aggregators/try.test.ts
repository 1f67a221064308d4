import { test } from 'vitest';
import { train } from './training.js';
import { prometheusSink } from '../../src/sinks/index.js';
test('x', async () => {
  const sink = prometheusSink({ port: 0 });
  const { events } = await train({ sinks: [sink], beforeDispose: async () => { console.log(await (await fetch(await sink.url!)).text()); } });
  console.log(events.length);
});
test('nan', async () => {
  const { events } = await train({ diverges: true });
  console.log(events.filter(e => e.event==='step').slice(0,4).map(e => JSON.stringify(e.data)+String((e.data as any).loss)));
});
