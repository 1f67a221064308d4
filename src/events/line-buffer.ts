/** Some thirty lines of 2 KiB: a buffer of its own for each would be most of what writing a line costs. */
const pieceBytes = 64 * 1024;

/** UTF-8 takes 3 bytes at most for each unit of a JavaScript string. */
const bytesPerUnit = 3;

/** Lines of text as bytes, one after the other in larger pieces of memory. */
export class LineBuffer {
  #piece = Buffer.alloc(0);
  #used = 0;

  /** The line with its end, as UTF-8. The bytes stay as they are: what was handed out is never written to again. */
  bytesOf(line: string): Buffer {
    const most = line.length * bytesPerUnit + 1;
    if (most > this.#piece.length - this.#used) {
      this.#piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, most));
      this.#used = 0;
    }
    const start = this.#used;
    const end = start + this.#piece.write(line, start);
    this.#piece[end] = 0x0a;
    this.#used = end + 1;
    return this.#piece.subarray(start, this.#used);
  }
}
