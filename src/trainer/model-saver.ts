import { ModelFolder } from '../checkpoint/index.js';
import type { Models, ModelSaved } from '../plugin/index.js';
import { readArrays } from './capture.js';
import type { ModelFace } from './model.js';

/** Saves the model of a trainer for its plugins. */
export class ModelSaver implements Models {
  /** One after the other: of two of the same path the later one stays. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(readonly model: () => ModelFace) {}

  async open(path: string): Promise<void> {
    await new ModelFolder(path).open();
  }

  async save(path: string, { weightsOnly = false }: { readonly weightsOnly?: boolean } = {}): Promise<ModelSaved> {
    const model = this.model();
    const folder = new ModelFolder(path);
    const names = model.savedNames();
    const weights = await readArrays(model.weights().map(({ info, variable }, i) => ({ name: names[i] ?? info.name, tensor: variable })));
    const content = folder.encode({ topology: weightsOnly ? null : model.topology(), weights });
    const written = this.#writing.then(async () => {
      await folder.open();
      await content.write();
    });
    this.#writing = written.catch(() => undefined);
    return { bytes: content.bytes, written };
  }
}
