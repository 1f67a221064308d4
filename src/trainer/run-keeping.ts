import { isDeepStrictEqual } from 'node:util';
import { CheckpointError, ConfigError, PluginError, TrainscopeError } from '../errors.js';
import { decodeNumbers, isJsonValue, type CoreEvents } from '../events/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import type { RolledBack } from '../plugin/index.js';
import { CheckpointKeeper, type LoopStand } from './checkpoint-keeper.js';
import type { Engine } from './engine.js';
import type { EpochRecord } from './fit-loop.js';
import type { FitSession } from './fit-session.js';
import { describeResume, findCheckpoint, resumedFrom, type FoundRun, type ResumedFrom } from './resume.js';
import { asJson } from './run-start.js';
import type { RunState } from './run-state.js';
import { copyArrays, optimizerFacts, putSnapshots, putWeightsAndSlots } from './save-run.js';
import { decodeRun, encodeRun, type SavedRun } from './saved-run.js';
import { checkTrainerState, type TrainerState } from './trainer-state.js';
import type { SnapshotShelf } from './weight-snapshots.js';

/** What the fit under way began with and has come to. */
export interface FitUnderWay {
  readonly epochsBefore: number;
  readonly stepsBefore: number;
  readonly findingsBefore: number;
  readonly history: EpochRecord[];
  /** As it is described in run-start. */
  configuration: unknown;
}

/** What of the trainer is saved, and put back. */
export interface KeptParts {
  readonly state: RunState;
  readonly plugins: readonly AnyPlugin[];
  /** The seed that the user gave. */
  readonly seed: number | undefined;
  readonly snapshots: SnapshotShelf;
  /** The trainer's own list. */
  readonly findings: CoreEvents['finding'][];
  readonly engine: () => Engine;
  readonly session: () => FitSession | undefined;
  readonly trainerState: () => TrainerState;
  readonly putTrainerState: (saved: TrainerState) => void;
  readonly flush: () => Promise<void>;
}

/** Saves the run of a trainer, goes on with a saved one, and takes the weights of a running one back to a checkpoint. */
export class RunKeeping {
  readonly keeper: CheckpointKeeper;
  /** A saved run that the next fit goes on with. */
  #found: FoundRun | undefined;
  #weightsArePut = false;
  /** Calls of fit that were through when the run was saved, and are told so. */
  #passedOver = 0;
  #fit: FitUnderWay | undefined;
  /** The learning rate as it was last set, before what it is multiplied with. */
  #nominalRate = Number.NaN;

  constructor(readonly parts: KeptParts) {
    const { state, snapshots, engine, flush } = parts;
    this.keeper = new CheckpointKeeper({ state, flush, checkCanSave: () => checkCanSave(engine()), capture: { arrays: () => copyArrays(engine(), snapshots), state: (stand) => this.#save(stand) } });
  }

  get found(): FoundRun | undefined {
    return this.#found;
  }

  /** Reads a saved run for the next fit. */
  async find(path: string, missing: 'fail' | 'start'): Promise<ResumedFrom | undefined> {
    const { state } = this.parts;
    if (state.fit > 0 || this.#found !== undefined) {
      throw new TrainscopeError('STATE_INVALID', {
        found: 'resume() was called on a trainer that has trained, or resumed, already',
        expected: 'a run is resumed by a new trainer',
        remedy: 'Make a new Trainer with the same options, and resume with it before its first fit.',
      });
    }
    const found = await findCheckpoint(path, missing);
    if (found === undefined) return undefined;
    checkTrainerState(found.run.trainer);
    this.#found = found;
    state.runId = found.run.runId;
    state.attempt = found.run.attempt + 1;
    return resumedFrom(found, state.attempt);
  }

  /** Whether the fit that is called was through when the run was saved: the one that was under way is a later one. */
  isThrough(): boolean {
    if (this.#found === undefined || this.#passedOver + 1 >= this.#found.run.fit.number) return false;
    this.#passedOver += 1;
    return true;
  }

  /** What a fit begins with: of one that goes on, what it began with at first. */
  beginFit(): FitUnderWay {
    const { state, findings } = this.parts;
    const saved = this.#found?.run.fit;
    state.fit = saved?.number ?? state.fit + 1;
    this.#fit = {
      epochsBefore: saved?.epochsBefore ?? state.epoch,
      stepsBefore: saved?.stepsBefore ?? state.step,
      findingsBefore: saved?.findingsBefore ?? findings.length,
      history: [...(saved?.history ?? [])],
      configuration: null,
    };
    return this.#fit;
  }

  endFit(): void {
    this.#fit = undefined;
  }

  /** Puts saved weights and slots into the engine, once. */
  withWeights(engine: Engine): Engine {
    if (!this.#weightsArePut) this.putWeights(engine);
    return engine;
  }

  /** Puts them again: what is looked at before the first step runs the model, which may change what it holds. */
  putWeights(engine: Engine): void {
    if (this.#found === undefined) return;
    const { content, run, name } = this.#found;
    putWeightsAndSlots(engine, content, run.optimizer, name);
    this.#weightsArePut = true;
  }

  /** Puts all but weights and slots in place. Of no saved run nothing. */
  putState(): void {
    if (this.#found === undefined) return;
    const { state, seed, findings, snapshots } = this.parts;
    const { run, content, name } = this.#found;
    const saved = run.trainer.streams.seed;
    if (saved !== state.streams.seed && (seed !== undefined || state.isReseeded)) {
      throw new CheckpointError('CHECKPOINT_MISMATCH', {
        found: `the checkpoint "${name}" is of a run with seed ${String(saved)}`,
        expected: `this one has seed ${String(state.streams.seed)}`,
        remedy: 'Resume with the same seed, or begin a new run.',
      });
    }
    this.parts.putTrainerState(run.trainer);
    const { passOpen, pass } = run.place.feed;
    Object.assign(state, { stepInEpoch: run.stepInEpoch, metrics: run.metrics, passes: passOpen ? pass + 1 : pass, rateScale: run.learningRate.scale });
    this.#nominalRate = run.learningRate.nominal;
    this.keeper.standsAt(run.place.at);
    findings.splice(0, Infinity, ...run.findings);
    putSnapshots(snapshots, content.snapshots);
  }

  /** Asks for the end that had been asked for. Once the fit is open: a stop ends its opening, and fitEnd is to come. */
  stopAgain(): void {
    if (this.#found === undefined) return;
    const { state, plugins } = this.parts;
    const { run } = this.#found;
    const { stop } = run;
    const by = plugins.find((plugin) => plugin.name === stop?.by);
    // A plugin whose options were changed since is free to judge anew.
    if (stop !== null && by !== undefined && isDeepStrictEqual(decodeNumbers(asJson(by.options ?? {})), run.plugins[by.name])) state.requestStop({ ...stop, reason: 'stopped' });
  }

  /** The run is under way again. @returns the data of the event that tells of it */
  goesOn(found: FoundRun, now: CoreEvents['run-start']): CoreEvents['resume'] {
    this.#found = undefined;
    return describeResume(found, now, { attempt: this.parts.state.attempt, seeking: this.#session().seeking });
  }

  /** The learning rate as plugins see and set it. What the optimizer was given by others counts as set. */
  get rate(): number {
    const { optimizer } = this.parts.engine();
    const { rateScale } = this.parts.state;
    if (optimizer.learningRate !== this.#nominalRate * rateScale) this.#nominalRate = optimizer.learningRate / rateScale;
    return this.#nominalRate;
  }

  set rate(rate: number) {
    this.parts.engine().optimizer.learningRate = rate * this.parts.state.rateScale;
    this.#nominalRate = rate;
  }

  /** Weights and slots of the newest checkpoint that is finite; undefined, with nothing changed, when there is none. */
  async rollBack(rateFactor: number): Promise<RolledBack | undefined> {
    if (!(rateFactor > 0 && rateFactor <= 1)) throw new ConfigError('OPTIONS_INVALID', { found: `rateFactor is ${String(rateFactor)}`, expected: 'it is above 0 and at most 1' });
    const good = await this.keeper.newestGood();
    if (good === undefined) return undefined;
    const { name, facts } = good.entry;
    const { rate } = this;
    const engine = this.parts.engine();
    putWeightsAndSlots(engine, good.content, decodeRun(good.content.state, name).optimizer, name);
    this.parts.state.rateScale *= rateFactor;
    this.rate = rate;
    return { checkpoint: name, epoch: facts.epoch, step: facts.step, learningRate: engine.optimizer.learningRate };
  }

  /** What a checkpoint holds beside tensors, once its events are told. Copies: it is written later, when the training has gone on. */
  async #save(stand: LoopStand): Promise<{ readonly json: unknown; readonly seq: number }> {
    const session = this.#session();
    const fit = this.#fit;
    if (fit === undefined) throw outsideOfAFit();
    const { state, plugins, findings } = this.parts;
    const { stop, stepInEpoch, metrics, runId, attempt, rateScale, fit: number } = state;
    const place = await session.place(stand);
    const trainer = this.parts.trainerState();
    for (const [plugin, own] of Object.entries(trainer.plugins)) checkIsJson(plugin, own);
    const run: SavedRun = {
      format: 1,
      runId,
      attempt,
      trainer,
      optimizer: optimizerFacts(this.parts.engine()),
      learningRate: { nominal: this.rate, scale: rateScale },
      fit: { ...fit, history: [...fit.history], number },
      place,
      stepInEpoch,
      metrics,
      findings: [...findings],
      ...session.saved,
      stop: stop?.reason === 'stopped' && stop.by !== null ? { by: stop.by, message: stop.message } : null,
      plugins: Object.fromEntries(plugins.map(({ name, options }) => [name, asJson(options ?? {})])),
    };
    return { json: encodeRun(run), seq: trainer.seq };
  }

  #session(): FitSession {
    const session = this.parts.session();
    if (session === undefined) throw outsideOfAFit();
    return session;
  }
}

/** @throws CheckpointError CHECKPOINT_FORMAT for what a checkpoint would leave out, and a resumed run lack */
function checkCanSave({ model, optimizer }: Engine): void {
  const [stateful] = model.statefulLayers();
  if (stateful !== undefined) {
    throw new CheckpointError('CHECKPOINT_FORMAT', {
      found: `the layer "${stateful}" is stateful, and checkpoints do not hold what it carries from batch to batch`,
      expected: 'all that decides a step is in weights, optimizer and plugins',
      remedy: 'Build it with stateful: false, or train without the plugin checkpoint.',
    });
  }
  optimizer.checkSaves();
}

/** JSON would make a Map or a Date into something else, and say nothing. */
function checkIsJson(plugin: string, state: unknown): void {
  if (isJsonValue(state)) return;
  throw new PluginError('PLUGIN_STATE', {
    plugin,
    found: `the state of the plugin "${plugin}" holds what is no JSON`,
    expected: 'a state is made of plain objects, arrays, text, numbers, booleans and null',
    remedy: 'Keep an array in place of a Map, Set or typed array, and a number or text in place of a Date.',
  });
}

const outsideOfAFit = (): TrainscopeError => new TrainscopeError('STATE_INVALID', { found: 'a checkpoint was asked for outside of a fit', expected: 'open() is called in fitStart, and request() later' });
