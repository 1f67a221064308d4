/** Compiles wasm/ into src/backend/wasm/simd-module.ts, which is committed: the package needs no compiler. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = 'src/backend/wasm/simd-module.ts';

/** Sections of a module that would write to memory or allocate it: the memory is TensorFlow.js's. */
const memorySections = new Map([[5, 'memory'], [6, 'global'], [8, 'start'], [11, 'data']]);

/** The ids of a module's sections: after the 8 bytes of its header, each is an id, a LEB128 length and its contents. */
function sections(module: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < module.length; ) {
    ids.push(module[at++]!);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += length;
  }
  return ids;
}

/** The module as it is in the sources now. @throws Error when they don't compile, or when it would have memory of its own */
export async function compile(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'trainscope-wasm-'));
  let binary: Uint8Array;
  try {
    const outFile = join(folder, 'module.wasm');
    // As a command: the types of the compiler's API declare AssemblyScript's own Array for the whole program.
    await promisify(execFile)(process.execPath, [
      join(root, 'node_modules/assemblyscript/bin/asc.js'), 'wasm/index.ts', '--baseDir', root,
      '-O3', '--runtime', 'stub', '--importMemory', '--noExportMemory', '--enable', 'simd', '--noAssert', '--outFile', relative(root, outFile),
    ]);
    binary = await readFile(outFile);
  } finally {
    await rm(folder, { recursive: true });
  }
  const own = sections(binary).flatMap((id) => memorySections.get(id) ?? []);
  if (own.length > 0) throw new Error(`the module has sections for ${own.join(', ')}; it may only import memory. Look for strings, arrays, classes and global variables in wasm/.`);
  return binary;
}

export const generated = (module: Uint8Array): string =>
  `/** wasm/, compiled by \`npm run build:wasm\`: ${module.length} bytes in base64. Do not edit; a test compares the two. */\nexport const simdModule =\n  '${Buffer.from(module).toString('base64')}';\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const module = await compile();
  await writeFile(join(root, target), generated(module));
  console.log(`${target}: ${module.length} bytes`);
}
