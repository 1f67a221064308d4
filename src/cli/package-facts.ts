import { createRequire } from 'node:module';

interface PackageFile {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What package.json of trainscope says; from the sources it lies two folders up, from the built files three. */
export const packageFacts = createRequire(import.meta.url)(import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json') as PackageFile;
