/** The command line tells plugins' options in the same words. */
export * from '../../src/cli/schema-text.js';
