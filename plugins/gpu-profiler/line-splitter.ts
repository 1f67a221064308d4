/** A line of readings has some 150 characters; one of 64 KiB is no line of nvidia-smi's. */
export const longestLine = 64 * 1024;

/**
 * Cuts a stream of text into lines, however the chunks fall. A line longer than the limit is dropped while it
 * comes in, so that what is held never exceeds it (node:readline holds a line of any length).
 */
export class LineSplitter {
  #rest = '';
  #dropping = false;
  #dropped = 0;
  #droppedCharacters = 0;

  constructor(readonly limit = longestLine) {}

  /** Lines that were too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Characters of the lines that were too long, one that still comes in included. */
  get droppedCharacters(): number {
    return this.#droppedCharacters;
  }

  /** @returns the lines that the chunk completes, without their ends (\n or \r\n). */
  push(chunk: string): readonly string[] {
    const pieces = chunk.split('\n');
    const last = pieces.pop() ?? '';
    const lines: string[] = [];
    for (const piece of pieces) {
      this.#append(piece);
      if (!this.#dropping) lines.push(this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest);
      this.#rest = '';
      this.#dropping = false;
    }
    this.#append(last);
    return lines;
  }

  /** @returns what was left without a line end. */
  end(): readonly string[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }

  #append(piece: string): void {
    if (!this.#dropping && this.#rest.length + piece.length <= this.limit) {
      this.#rest += piece;
      return;
    }
    if (!this.#dropping) this.#dropped += 1;
    this.#droppedCharacters += this.#rest.length + piece.length;
    this.#dropping = true;
    this.#rest = '';
  }
}
