/** What the codes mean, after the section RETURN VALUE of nvidia-smi's manual page. */
const meanings: ReadonlyMap<number, string> = new Map([
  [2, 'an argument or field is not known to this driver'],
  [3, 'the operation is not available on this device'],
  [4, 'no permission to read the device'],
  [6, 'no such device was found'],
  [8, "a device's external power cables are not attached"],
  [9, 'the NVIDIA driver is not loaded'],
  [10, 'the kernel found an interrupt issue with a GPU'],
  [12, 'the NVML library was not found'],
  [13, 'the NVML library is of another version'],
  [14, 'the infoROM is corrupted'],
  [15, 'a GPU has fallen off the bus'],
  [255, 'an internal driver error'],
]);

/** Made fit for one line of a log: control characters (colours, line ends) go, and what is over 200 characters. */
export function oneLine(text: string): string {
  const plain = text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  return plain.length > 200 ? `${plain.slice(0, 200)}...` : plain;
}

const saying = (said: string): string => (said === '' ? '' : `: ${oneLine(said)}`);

/** Why a child that was to go on has ended. `said` is the last thing it printed that was no reading. */
export function exitReason(command: string, code: number | null, signal: NodeJS.Signals | null, said: string): string {
  if (signal !== null) return `${command} was ended by ${signal}${saying(said)}`;
  const meaning = code === null ? undefined : meanings.get(code);
  return `${command} ended with exit code ${String(code)}${meaning === undefined ? '' : ` (${meaning})`}${saying(said)}`;
}

/** Why a child could not be started. */
export function startReason(command: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return `${command} was not found${/[\\/]/.test(command) ? '' : ' on the PATH'}`;
  if (code === 'EACCES' || code === 'EPERM') return `${command} may not be executed (${code})`;
  return `${command} could not be started${saying(error instanceof Error ? error.message : String(error))}`;
}

export const silentReason = (command: string, milliseconds: number): string => `${command} gave no reading for ${milliseconds} ms and was ended`;

export const nonsenseReason = (command: string, said: string): string => `${command} printed what is no reading and was ended${saying(said)}`;
