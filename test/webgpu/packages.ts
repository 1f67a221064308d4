import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { LoadPackage } from '../../src/backend/index.js';

const here = createRequire(import.meta.url);

/** Loads the packages that lie beside this file, and the project's own for the rest. */
export const loadFromSuite: LoadPackage = (name) => import(pathToFileURL(here.resolve(name)).href) as Promise<unknown>;
