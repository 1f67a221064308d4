import { asValidation, definePlugin } from 'trainscope/plugin';
import { z } from 'zod';
import { CsvTable } from './csv-logger/csv-table.js';

const options = z.strictObject({
  filename: z.string().min(1).default('training.csv').describe('The file; its folder is made when it is not there. In a config file: a path in its folder, or in the output folder.'),
  separator: z
    .string()
    .length(1)
    .regex(/[^"\r\n.\-+0-9A-Za-z]/, 'expected a character that stands in no number and no name: , ; | or a tab')
    .default(',')
    .describe("Between two cells. The name is Keras'."),
  append: z.boolean().default(false).describe('Whether rows of another run that stand in the file are kept. A resumed run goes on after its own rows in any case.'),
});

const events = {
  'csv-logger': z.strictObject({ file: z.string(), columns: z.array(z.string()), rows: z.int().min(0).describe('of this run') }).describe('The fit has ended; its table stands in the file.'),
};

const state = z.strictObject({
  /** Rows that stood in the file before this run, and rows of this run. */
  before: z.int().min(0).default(0),
  rows: z.int().min(0).default(0),
});

/**
 * A table with one row an epoch: epoch, the metrics of the training, those of the validation with `val_` in front, and
 * learning_rate. Names, columns and options are those of Keras' CSVLogger; epochs count from 1, as everywhere here.
 *
 * - NaN and infinities are the texts NaN, Infinity and -Infinity. An epoch without validation has empty cells there.
 * - A row is in the file when its epoch has ended. A resumed run drops the rows of epochs that it makes again.
 * - A further fit() of the same trainer adds its rows.
 *
 * For every number of every event see csvSink.
 *
 * @example new Trainer({ model, loss, plugins: [csvLogger({ filename: 'run-1/training.csv' })] });
 */
export const csvLogger = definePlugin({
  name: 'csvLogger',
  summary: 'Writes a table with one row an epoch, as the CSVLogger of Keras does.',
  role: 'observe',
  options,
  events,
  state,
  paths: ['filename'],
  hooks: ({ filename, separator, append }) => {
    let table: CsvTable | undefined;
    return {
      fitStart({ fit, resumed }, context) {
        const isGoingOn = resumed || (fit > 1 && context.state.rows > 0);
        const { before, rows } = context.state;
        table = CsvTable.open(filename, separator, isGoingOn ? before + rows : append ? Infinity : 0);
        if (!isGoingOn) context.state = { before: table.rows, rows: 0 };
      },
      epochEnd({ metrics, validation }, context) {
        table?.append({ epoch: context.epoch, ...metrics, ...asValidation(validation ?? {}), learning_rate: context.learningRate });
        context.state.rows += 1;
      },
      fitEnd(_info, context) {
        if (table !== undefined) context.emit('csv-logger', { file: filename, columns: [...table.columns], rows: context.state.rows });
      },
    };
  },
});
