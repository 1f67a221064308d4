import { Argument, type Command } from 'commander';

interface SchemaOptions {
  readonly output?: string;
}

export function addSchema(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of config files, or of log lines')
    .description(
      'Prints a JSON Schema (2020-12), which editors and validators read: of config files with the built-in plugins, or of\n' +
        'a line of a log with their events.',
    )
    .addArgument(new Argument('[what]', 'of what').choices(['config', 'events']).default('config'))
    .option('-o, --output <file>', 'write it to a file')
    .option('--json', 'as it is: a schema is JSON already')
    .addHelpText('after', '\nExit codes: 0 done, 2 could not be done.\n\nExamples:\n  trainscope schema -o config.schema.json\n  trainscope schema events | jq .title')
    .action(async (what: 'config' | 'events', { output }: SchemaOptions) => {
      const [{ configJsonSchema }, { eventsJsonSchema }, { writeOut }, { writeOutput }] = await Promise.all([import('../config.js'), import('./event-schema.js'), import('./output.js'), import('./write-output.js')]);
      const text = `${JSON.stringify(what === 'config' ? configJsonSchema() : eventsJsonSchema(), null, 2)}\n`;
      await (output === undefined ? writeOut(text) : writeOutput(output, text));
    });
}
