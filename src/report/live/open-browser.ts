import { execFile } from 'node:child_process';

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  // No shell reads the address: start is a command of cmd.exe, and rundll32 a program.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens a page of this machine in the browser. The address stands in the list of processes for all to see: no token is
 * to be in it.
 * @param failed Hears why it could not be done.
 */
export function openBrowser(url: string, failed: (message: string) => void): void {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = execFile(command, [...args, url], (error) => {
    if (error !== null) failed(`the browser could not be opened (${command}): go to ${url}`);
  });
  child.unref();
}
