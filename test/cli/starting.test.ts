import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { builtInPlugins } from '../../plugins/index.js';
import { parseConfig } from '../../src/config.js';
import { sampleText } from '../../src/cli/show-plugins.js';
import { projectFolder, root } from './project-folder.js';
import { trainscope } from './trainscope.js';

const { folder, file, remove } = projectFolder('init-');
afterAll(remove);
