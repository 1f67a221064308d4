/**
 * Bundles the page of the report, with its chart library, into one script: src/report/page.bundle.js, and beside the
 * compiled sources where there are any. Runs at `npm ci` and before the package is made.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const esbuild = await import('esbuild').catch(() => undefined);
// Installed without development dependencies: the bundle is in the package.
if (esbuild !== undefined && existsSync(at('src/report/page/index.ts'))) {
  await esbuild.build({
    entryPoints: [at('src/report/page/index.ts')],
    outfile: at('src/report/page.bundle.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    loader: { '.css': 'text' },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
  if (existsSync(at('dist/src/report'))) copyFileSync(at('src/report/page.bundle.js'), at('dist/src/report/page.bundle.js'));
}
