import { join } from 'node:path';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import type { Sink } from '../events/index.js';
import { runFolder } from './tensor-board/run-folder.js';
import { RunWriter } from './tensor-board/run-writer.js';

/** The options that are plain data, as a config file has them. */
export const tensorBoardOptions = z.strictObject({
  run: z
    .string()
    .regex(/^(?!\.{1,2}$)[^/\\\0]+$/, 'expected the name of a folder, without / and \\')
    .optional()
    .describe("Name of the run's folder in the folder that TensorBoard reads. Default: its time (UTC) and the beginning of its id, so that runs do not mix and a resumed one goes on in its folder."),
  maxBytes: z.int().min(1).default(16 * 1024 * 1024).describe('Bytes that may wait for the disk, in each of the three files; events beyond are left out and counted. As of the file sink.'),
});

export type TensorBoardSinkOptions = z.input<typeof tensorBoardOptions>;

const folderSchema = z.string().min(1);

/**
 * Writes event files for TensorBoard (`tensorboard --logdir FOLDER`): losses and metrics, all numbers of plugins, the histograms
 * of the plugin histograms, confusion matrices as pictures, configuration and findings as texts, and the table of
 * the HParams tab. Tags are those of Keras (`epoch_loss`, `batch_loss`), with the step on the horizontal axis:
 * docs/tensorboard.md lists them. Scalars are float32, as TensorFlow's are; the log has the exact numbers.
 *
 * A resumed run goes on in new files of its folder, and TensorBoard drops what they make anew. Nothing of TensorFlow is
 * needed to write.
 *
 * @param folder The one that TensorBoard is started with; each run has a folder in it.
 * @throws ConfigError OPTIONS_INVALID
 *
 * @example new Trainer({ model, loss, sinks: [tensorBoardSink('runs')], plugins: [histograms()] });
 */
export function tensorBoardSink(folder: string, options: TensorBoardSinkOptions = {}): Sink {
  const logs = checkArgument('folder of tensorBoardSink', folderSchema, folder);
  const { run, maxBytes } = checkArgument('options of tensorBoardSink', tensorBoardOptions, options);
  const runs = new Map<string, RunWriter>();
  let written = 0;
  let lost = 0;

  return {
    name: `tensorBoard:${logs}`,
    write(event) {
      let writer = runs.get(event.runId);
      if (writer === undefined) {
        writer = new RunWriter(run === undefined ? runFolder(logs, event.runId, event.time) : join(logs, run), maxBytes);
        runs.set(event.runId, writer);
      }
      if (writer.write(event)) written += 1;
      else lost += 1;
    },
    async flush() {
      await Promise.all([...runs.values()].map((writer) => writer.flush()));
    },
    async close() {
      const results = await Promise.allSettled([...runs.values()].map((writer) => writer.close()));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
    stats: () => ({ written, lost }),
  };
}
