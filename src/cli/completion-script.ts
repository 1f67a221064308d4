import { script } from '@bomb.sh/tab';

/** The scripts of tab (after those of cobra) for shells; it prints them with console.log, and gives no text back. */
function printed(shell: string): string {
  const own = globalThis.console;
  const lines: string[] = [];
  globalThis.console = { ...own, log: (text: string) => void lines.push(text) };
  try {
    script(shell, 'trainscope', 'trainscope');
  } finally {
    globalThis.console = own;
  }
  return `${lines.join('\n')}\n`;
}

/**
 * What completes `trainscope` in a shell: it asks `trainscope complete -- WORDS` at each key.
 *
 * In bash tab's script makes read-only variables, which fail when it is read twice, and when another command's script has
 * them: here they are the script's own, and are set anew.
 */
export const completionScript = (shell: string): string => (shell === 'bash' ? printed(shell).replaceAll(/^readonly /gm, '').replaceAll('ShellCompDirective', '__trainscope_ShellCompDirective') : printed(shell));
