/** Some thirty lines of 2 KiB: a buffer of its own for each would be most of what writing a line costs. */
const pieceBytes = 64 * 1024;

/** Pieces that are kept for further lines: those of a loop that yields every 50 ms at 5 MiB/s. */
const mostKept = 4;

/** UTF-8 takes 3 bytes at most for each unit of a JavaScript string. */
const bytesPerUnit = 3;

interface Piece {
  readonly bytes: Buffer;
  used: number;
  /** How many lines had been handed out when this was full. */
  lines: number;
}

const pieceOf = (size: number): Piece => ({ bytes: Buffer.allocUnsafeSlow(size), used: 0, lines: 0 });

/** Lines of text as bytes, one after the other in larger pieces of memory, which are used again once their lines are through. */
export class LineBuffer {
  #piece: Piece | undefined;
  readonly #full: Piece[] = [];
  #lines = 0;

  /**
   * The line with its end, as UTF-8.
   * @param through How many of the lines that were handed out are needed no longer, from the first on.
   */
  bytesOf(line: string, through: number): Buffer {
    const most = line.length * bytesPerUnit + 1;
    if (this.#piece === undefined || most > this.#piece.bytes.length - this.#piece.used) this.#piece = this.#next(most, through);
    const { bytes, used } = this.#piece;
    const end = used + bytes.write(line, used);
    bytes[end] = 0x0a;
    this.#piece.used = end + 1;
    this.#lines += 1;
    return bytes.subarray(used, end + 1);
  }

  #next(most: number, through: number): Piece {
    const full = this.#piece;
    if (full !== undefined && full.bytes.length === pieceBytes && this.#full.length < mostKept) {
      full.lines = this.#lines;
      this.#full.push(full);
    }
    const [oldest] = this.#full;
    if (most > pieceBytes || oldest === undefined || oldest.lines > through) return pieceOf(Math.max(pieceBytes, most));
    this.#full.shift();
    oldest.used = 0;
    return oldest;
  }
}
