import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { CheckpointError } from '../errors.js';
import { checkArrays, joinArrays } from './arrays.js';
import { AtomicFolders } from './atomic-folders.js';
import type { CheckpointContent } from './content.js';
import { nodeDisk, type Disk } from './disk.js';
import { encodeModel } from './model-json.js';
import { errorCode, unwritable } from './refusals.js';

/** The files of a saved model, as TensorFlow.js names them. */
const modelFiles: ReadonlySet<string> = new Set(['model.json', 'weights.bin']);

/** What no file system that is met with takes as a name. */
const isFolderName = (name: string): boolean => name.length > 0 && name.length <= 200 && name !== '.' && name !== '..' && !/[\\/:*?"<>|\0]/.test(name);

export interface EncodedModel {
  /** Of both files. */
  readonly bytes: number;
  /**
   * When it settles, the files outlive the process and a loss of power.
   * @throws CheckpointError CHECKPOINT_UNWRITABLE, CHECKPOINT_FOLDER_TAKEN, with what was there before as it was
   */
  write(): Promise<void>;
}

/**
 * A folder that holds one model in TensorFlow.js's format, model.json and weights.bin: whole or not there at every moment.
 * One that was there before is replaced.
 *
 * @example
 * const folder = new ModelFolder('models/best');
 * await folder.open();
 * await folder.encode({ topology, weights }).write();
 */
export class ModelFolder {
  /** Absolute. */
  readonly path: string;
  readonly #name: string;
  readonly #folders: AtomicFolders;

  /** @throws ConfigError OPTIONS_INVALID for what is no path; CheckpointError CHECKPOINT_UNWRITABLE for a name that no folder can have */
  constructor(path: string, disk: Disk = nodeDisk) {
    this.path = resolve(checkArgument('arguments of ModelFolder', z.strictObject({ path: z.string().min(1) }), { path }).path);
    this.#name = basename(this.path);
    if (!isFolderName(this.#name)) {
      throw new CheckpointError('CHECKPOINT_UNWRITABLE', { found: `no model can be written to ${this.path}`, expected: 'a name of 1 to 200 characters, without \\ / : * ? " < > and |', remedy: 'Give another path.' });
    }
    this.#folders = new AtomicFolders(dirname(this.path), disk);
  }

  /**
   * Makes the folder that it is to be in, and tries whether that can be written.
   * @throws CheckpointError CHECKPOINT_UNWRITABLE; CHECKPOINT_FOLDER_TAKEN where something else is in its place
   */
  async open(): Promise<void> {
    await this.#folders.open();
    await this.#checkPlace();
  }

  /**
   * Copies the model, to be written later.
   * @throws CheckpointError CHECKPOINT_FORMAT for a content that could not be read back
   */
  encode(content: Pick<CheckpointContent, 'topology' | 'weights'>): EncodedModel {
    checkArrays(this.#name, 'weights.bin', content.weights);
    const files = [['model.json', encodeModel(this.#name, content)], ['weights.bin', joinArrays(content.weights)]] as const;
    return {
      bytes: files.reduce((sum, [, { length }]) => sum + length, 0),
      write: async () => {
        await this.#checkPlace();
        await this.#folders.write(this.#name, { files });
      },
    };
  }

  /** What is replaced is removed: it has to be a model, and no folder of the user's. */
  async #checkPlace(): Promise<void> {
    const others: string[] = [];
    try {
      others.push(...(await readdir(this.path)).filter((name) => !modelFiles.has(name)));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw errorCode(error) === 'ENOTDIR' ? taken(this.path, 'is a file') : unwritable(this.path, error);
    }
    if (others.length > 0) throw taken(this.path, `holds ${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${String(others.length - 3)} more` : ''}`);
  }
}

const taken = (path: string, what: string): CheckpointError =>
  new CheckpointError('CHECKPOINT_FOLDER_TAKEN', {
    found: `${path} ${what}`,
    expected: 'a model is saved in a folder of its own, which holds model.json and weights.bin alone and is replaced as a whole',
    remedy: 'Give another path, as a new folder in it.',
  });
