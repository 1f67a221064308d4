import { CheckpointFolder, expendable, readNewest, type CheckpointContent, type CheckpointEntry, type CheckpointFacts } from '../checkpoint/index.js';
import { CheckpointError } from '../errors.js';
import type { CheckpointRequest, CheckpointSettings } from '../plugin/index.js';
import { areFinite } from './capture.js';
import type { LoopPlace } from './place.js';
import type { RunState } from './run-state.js';

/** Where the loop stands when it hands itself over. */
export type LoopStand = Pick<LoopPlace, 'at' | 'lastRate' | 'validationDue'>;

/** How the trainer gives what is to be saved. */
export interface RunCapture {
  /** The tensors, copied. */
  readonly arrays: () => Promise<Omit<CheckpointContent, 'state'>>;
  /** The rest, as JSON: asked for after the events of the checkpoint. */
  readonly state: (stand: LoopStand) => Promise<{ readonly json: unknown; readonly seq: number }>;
}

/** Checkpoints of one plugin in one folder. */
interface Client {
  readonly settings: CheckpointSettings;
  readonly folder: CheckpointFolder;
  entries: readonly CheckpointEntry[];
  wanted: CheckpointRequest | undefined;
  /** The writes under way, one after the other. */
  writing: Promise<void>;
  waiting: number;
}

/**
 * Checkpoints that may wait to be written beside the one that is: each holds a copy of the weights and slots. Where
 * the disk is slower than the training asks, the loop waits for it; it never says that it took what it then dropped.
 */
const mostWaiting = 1;

/** Takes checkpoints where the loop allows it, and has them written while the training goes on. */
export class CheckpointKeeper {
  readonly #clients = new Map<string, Client>();
  #wanted = false;
  /** The step and epoch of the latest checkpoint for an end before the time. */
  #cutAt = '';
  /** The place of the latest one that was asked for. */
  #takenAt = '';

  constructor(
    readonly parts: {
      readonly state: RunState;
      /** Throws where the run holds what a checkpoint cannot. */
      readonly checkCanSave: () => void;
      readonly capture: RunCapture;
      /** All events that were emitted are where they should be: then a log never ends before its checkpoint. */
      readonly flush: () => Promise<void>;
    },
  ) {}

  /** Whether any checkpoint was asked for. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  async open(owner: string, settings: CheckpointSettings): Promise<void> {
    const folder = new CheckpointFolder(settings.folder);
    await folder.open();
    const entries = await folder.list();
    const { state, checkCanSave } = this.parts;
    checkCanSave();
    const other = entries.find(({ facts }) => facts.runId !== state.runId);
    const damaged = entries.length === 0 ? await folder.damaged() : [];
    if (other !== undefined || (damaged.length > 0 && state.attempt === 1)) {
      throw new CheckpointError('CHECKPOINT_FOLDER_TAKEN', {
        found: `${settings.folder} holds ${other === undefined ? `damaged checkpoints (${damaged.join(', ')})` : `checkpoints of another run (${other.name} of ${other.facts.runId})`}`,
        expected: 'a folder holds the checkpoints of one run, as old ones are removed',
        remedy: 'Call trainer.resume() with that folder to go on with that run, or give this one another folder.',
      });
    }
    // Ahead of every checkpoint that is there: of one that was passed over for an older one, too.
    if (state.attempt > 1) state.attempt = Math.max(state.attempt, ...entries.map(({ facts }) => facts.attempt + 1));
    this.#clients.set(owner, { settings, folder, entries, wanted: undefined, writing: Promise.resolve(), waiting: 0 });
  }

  request(owner: string, request: CheckpointRequest): void {
    const client = this.#clients.get(owner);
    if (client === undefined) throw new CheckpointError('CHECKPOINT_NOT_FOUND', { found: `"${owner}" asked for a checkpoint and has opened no folder`, expected: 'open() comes first, in fitStart' });
    client.wanted = request;
    this.#wanted = true;
  }

  /** Takes those that were asked for. */
  async take(stand: LoopStand): Promise<void> {
    this.#wanted = false;
    const asking = [...this.#clients.values()].flatMap((client) => (client.wanted === undefined ? [] : [{ client, request: client.wanted }]));
    for (const { client } of asking) client.wanted = undefined;
    this.#takenAt = this.#placeOf(stand.at);
    if (asking.length > 0) await this.#takeFor(asking, stand, 'events-first');
  }

  /** When the fit is through or a plugin has ended it, unless one was taken just now, or it is where the fit was resumed. */
  async atEnd(stand: LoopStand, reason: string): Promise<void> {
    if (this.#takenAt === this.#placeOf(stand.at)) return;
    for (const client of this.#clients.values()) if (client.settings.atEnd) client.wanted = { reason };
    await this.take(stand);
  }

  /** Of a resumed fit: there is a checkpoint of the place where it stands. */
  standsAt(at: LoopPlace['at']): void {
    this.#takenAt = this.#placeOf(at);
  }

  #placeOf(at: LoopPlace['at']): string {
    return `${String(this.parts.state.epoch)}/${String(this.parts.state.step)}/${at}`;
  }

  /** When the fit is ended before its time. What is told of these checkpoints comes after what is saved: a resumed run drops it. */
  async cutShort(stand: LoopStand, reason: string): Promise<void> {
    const here = `${String(this.parts.state.epoch)}/${String(this.parts.state.step)}`;
    // The first one counts: what comes after an abort at this place is not what a resumed run goes on with.
    if (this.#cutAt === here) return;
    this.#cutAt = here;
    // One that was taken at this place says the same, and how long it is to be kept.
    if (this.#takenAt === this.#placeOf(stand.at)) return;
    const asking = [...this.#clients.values()].filter(({ settings }) => settings.atEnd).map((client) => ({ client, request: { reason } }));
    if (asking.length > 0) await this.#takeFor(asking, stand, 'state-first');
  }

  /** The newest checkpoint without NaN or infinities. */
  async newestGood(): Promise<{ readonly entry: CheckpointEntry; readonly content: CheckpointContent } | undefined> {
    await this.settle();
    const [client] = this.#clients.values();
    if (client === undefined) return undefined;
    try {
      return await readNewest(client.settings.folder, { goodOnly: true });
    } catch (error) {
      if (error instanceof CheckpointError && error.code === 'CHECKPOINT_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** Waits until all is written, or was told to have failed. */
  async settle(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ writing }) => writing));
  }

  /** A further fit opens its folders anew. */
  async close(): Promise<void> {
    await this.settle();
    this.#clients.clear();
    this.#wanted = false;
    this.#cutAt = '';
    this.#takenAt = '';
  }

  async #takeFor(asking: readonly { readonly client: Client; readonly request: CheckpointRequest }[], stand: LoopStand, order: 'events-first' | 'state-first'): Promise<void> {
    const { state, capture } = this.parts;
    const name = `epoch-${padded(state.epoch, 4)}-${stand.at === 'between-epochs' ? 'end' : `step-${padded(state.step, 8)}`}`;
    const began = performance.now();
    try {
      const arrays = await capture.arrays();
      const milliseconds = performance.now() - began;
      const finite = isFinite(arrays);
      const tell = (): void => {
        for (const { client, request } of asking) {
          client.settings.taken({ name, reason: request.reason, lasting: request.lasting ?? false, metric: request.metric ?? null, bytes: bytesOf(arrays), finite, milliseconds });
        }
      };
      if (order === 'events-first') tell();
      const { json, seq } = await capture.state(stand);
      if (order === 'state-first') tell();
      for (const { client, request } of asking) await this.#write(client, name, this.#facts(request, seq, finite), { ...arrays, state: json });
    } catch (error) {
      // What cannot be saved is said; it is no reason to end what is trained.
      for (const { client } of asking) client.settings.failed({ name, error });
    }
  }

  #facts(request: CheckpointRequest, seq: number, finite: boolean): CheckpointFacts {
    const { runId, attempt, epoch, step } = this.parts.state;
    return { runId, attempt, seq, epoch, step, time: Date.now(), reason: request.reason, metric: request.metric ?? null, lasting: request.lasting ?? false, finite };
  }

  async #write(client: Client, name: string, facts: CheckpointFacts, content: CheckpointContent): Promise<void> {
    client.waiting += 1;
    const before = client.writing;
    client.writing = before.then(async () => {
      client.waiting -= 1;
      try {
        await client.folder.write(name, facts, content, this.parts.flush);
        client.entries = [{ name, path: `${client.settings.folder}/${name}`, facts }, ...client.entries.filter((entry) => entry.name !== name)];
        await this.#makeRoom(client);
      } catch (error) {
        client.settings.failed({ name, error });
      }
    });
    if (client.waiting > mostWaiting) await before;
  }

  async #makeRoom(client: Client): Promise<void> {
    const good = client.entries.find(({ facts }) => facts.finite)?.name;
    for (const name of expendable(client.entries, client.settings.policy)) {
      if (name === good) continue;
      await client.folder.remove(name);
      client.entries = client.entries.filter((entry) => entry.name !== name);
    }
  }
}

const padded = (count: number, digits: number): string => String(count).padStart(digits, '0');

const arraysOf = ({ weights, optimizer, snapshots }: Omit<CheckpointContent, 'state'>): CheckpointContent['weights'] => [...weights, ...optimizer, ...Object.values(snapshots).flat()];

const bytesOf = (content: Omit<CheckpointContent, 'state'>): number => arraysOf(content).reduce((sum, { values }) => sum + values.byteLength, 0);

/** Copies kept for the end of the fit may be of a bad moment: the model and its slots decide. */
const isFinite = ({ weights, optimizer }: Omit<CheckpointContent, 'state'>): boolean => areFinite(weights) && areFinite(optimizer);
