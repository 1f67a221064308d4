import { coreCatalogue, EventBus } from '../../../src/events/index.js';
import type { TrainingRoom } from '../../../src/worker/index.js';

export interface EventsData {
  readonly losses: readonly number[];
  /** What an event holds that no message can carry. */
  readonly unsendable?: boolean;
}

/** One step event a loss, without a turn of the event loop between them, and no training at all. */
export default async function emit({ sink, data }: TrainingRoom<EventsData>): Promise<number> {
  const bus = new EventBus({ runId: 'run-1', catalogue: coreCatalogue, clock: () => 0, sinks: [sink] });
  data.losses.forEach((loss, i) => bus.emit('step', { loss, metrics: {}, learningRate: 0.1, batchSize: 1, samples: i + 1, updated: true }, { epoch: 1, step: i + 1 }));
  if (data.unsendable === true) {
    const event = { v: 1, runId: 'run-1', seq: 99, time: 0, event: 'step', plugin: null, epoch: 1, step: 1, level: 'warn', data: { loss: () => 0 } } as const;
    for (let i = 0; i < 3; i += 1) void sink.write(event);
  }
  await bus.flush();
  return bus.seq;
}
