/** Pages of the documentation, and the generated parts between their markers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedParts } from './generated-parts.js';

/** README.md and every page of docs/, as paths from the root of the project. */
export const pages = (): readonly string[] => [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file))
    .sort(),
];

export const readPage = (page: string): string => readFileSync(page, 'utf8');

const marked = /<!-- generated: (\S+)(?: (\S+))? -->\n[\s\S]*?<!-- end of generated -->/g;

/** The page with every generated part as it should be now. @throws Error for a marker that names no part. */
export function withGeneratedParts(page: string, text: string): string {
  return text.replaceAll(marked, (_, name: string, argument = '') => {
    const part = generatedParts[name];
    if (part === undefined) throw new Error(`${page} asks for the generated part "${name}"; there are ${Object.keys(generatedParts).join(', ')}`);
    return `<!-- generated: ${name}${argument === '' ? '' : ` ${String(argument)}`} -->\n\n${part(String(argument))}\n\n<!-- end of generated -->`;
  });
}
