/** The import directions of the house: a file may only look down this list. */
// Names, problems, checked arguments and the text of what was thrown import nothing of ours but errors: every room may use them.
const everywhere = ['^src/check-argument\\.ts$', '^src/png\\.ts$', '^src/nearest-name\\.ts$', '^src/problems\\.ts$', '^src/(?:thrown-text|make-folder)\\.ts$'];
const rooms = [
  // [room, folders that it may import from besides itself]
  ['src/errors', []],
  ['src/events', ['src/errors']],
  ['src/random', ['src/errors']],
  ['src/schedules', ['src/errors']],
  ['src/data', ['src/errors', 'src/random', 'src/backend/filled']],
  ['src/measure', ['src/errors', 'src/events', 'src/backend']],
  ['src/plugin', ['src/errors', 'src/events', 'src/measure', 'src/random', 'src/schedules']],
  ['src/backend', ['src/errors']],
  ['src/checkpoint', ['src/errors']],
  ['src/trainer', ['src/errors', 'src/events', 'src/measure', 'src/plugin', 'src/random', 'src/schedules', 'src/data', 'src/backend', 'src/checkpoint']],
  // How a module of the user's is run in a thread, whatever it is for.
  ['src/thread', ['src/errors']],
  ['src/worker', ['src/errors', 'src/events', 'src/plugin', 'src/trainer', 'src/thread']],
  // What the loader's threads load, they load each: no TensorFlow.js, and of the data its types.
  ['src/loader', ['src/errors', 'src/random', 'src/data/source', 'src/thread']],
  // Rules are pure functions of events: they run over yesterday's log. What looks at a model before a training may see all.
  ['src/diagnosis/rules', ['src/errors', 'src/events', 'src/diagnosis/causes', 'src/diagnosis/finding']],
  ['src/diagnosis', ['src/errors', 'src/events', 'src/measure', 'src/plugin', 'src/random', 'src/schedules', 'src/data', 'src/backend', 'src/trainer']],
  // Files, endpoints and formats that events go to, beyond pino and the log file.
  ['src/sinks', ['src/errors', 'src/events', 'src/backend/load-package']],
  // Events from model.fit of tfjs-layers.
  ['src/layers', ['src/errors', 'src/events', 'src/measure', 'src/plugin', 'src/random', 'src/schedules', 'src/trainer', 'src/diagnosis', 'src/sinks']],
  // What a browser runs: bundled, and never imported from here.
  ['src/report/page', ['src/report/model']],
  ['src/report', ['src/errors', 'src/events', 'src/diagnosis']],
  // plugins/index is for the entry src/config.ts: the rule src-knows-no-plugin keeps it from the rest of the room.
  ['src/config', ['src/errors', 'src/events', 'src/plugin', 'src/checkpoint', 'src/trainer', 'src/sinks', 'plugins/index']],
];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'not-to-dev-dep', severity: 'error', from: { path: '^(src|plugins)/', pathNot: '^src/report/page/' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] } },
    ...rooms.map(([room, may]) => ({
      name: `${room.replace('src/', '')}-looks-down-only`,
      severity: 'error',
      from: { path: `^${room}(/|\\.ts$)` },
      to: { path: '^(src|plugins)/', pathNot: [`^${room}(/|\\.ts$)`, ...everywhere, ...may.map((folder) => `^${folder}(/|\\.ts$)`)] },
    })),
    {
      name: 'plugins-only-through-the-published-name',
      comment: 'A built-in plugin imports trainscope/plugin (and trainscope/schedules, trainscope/diagnosis and trainscope/report) alone, as a third party does.',
      severity: 'error',
      from: { path: '^plugins/', pathNot: '^plugins/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(plugin|schedules|diagnosis|report)/index\\.ts$' },
    },
    {
      name: 'src-knows-no-plugin',
      comment: 'Only the command line and the config entry bind the built-in registry.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|config\\.ts$)' },
      to: { path: '^plugins/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
