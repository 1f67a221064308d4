import type { DirectNumbers } from './direct-numbers.js';
import { readByShape, textsOf, withPlaceholders, type LineShape } from './line-shapes.js';
import type { RunGatherer } from './run-gatherer.js';
import { eventOfLine } from './wire-event.js';

interface Known extends LineShape {
  readonly run: RunGatherer;
  readonly name: string;
  readonly numbers: DirectNumbers;
  /** The shape of the line that followed the last one of this shape: the most likely one next time. */
  next: Known | undefined;
}

/** Shapes that are remembered: runs times kinds of events times the places where a number may be null. */
const mostShapes = 64;
/** Lines of one event that are tried before it is known that they are all unlike. */
const mostTries = 16;

/** Reads lines by the shapes of those before them. */
export class DirectLines {
  readonly #shapes: Known[] = [];
  readonly #tries = new Map<string, number>();
  #last: Known | undefined;
  #numbers = new Float64Array(64);

  /**
   * Adds the numbers of a line of a known shape to its run.
   * @param skips Whether an event is to be left out
   * @returns false when it must be read as JSON
   */
  take(bytes: Uint8Array, from: number, to: number, skips: (run: RunGatherer, seq: number) => boolean): boolean {
    const likely = this.#last?.next;
    if (likely !== undefined && this.#takeAs(likely, bytes, from, to, skips)) return true;
    for (const shape of this.#shapes) if (shape !== likely && this.#takeAs(shape, bytes, from, to, skips)) return true;
    return false;
  }

  #takeAs(shape: Known, bytes: Uint8Array, from: number, to: number, skips: (run: RunGatherer, seq: number) => boolean): boolean {
    if (!readByShape(shape, bytes, from, to, this.#numbers)) return false;
    const { seq, epoch, step } = shape.numbers;
    // As eventOfLine has it: a line with half a step is no event.
    if (!isCount(this.#numbers[seq]) || !isCount(this.#numbers[epoch]) || !isCount(this.#numbers[step])) return false;
    if (this.#last !== undefined) this.#last.next = shape;
    this.#last = shape;
    if (shape.run.wantsWhole(shape.name)) return false;
    if (!skips(shape.run, this.#numbers[seq] ?? 0)) shape.run.addNumbers(shape.name, shape.numbers, this.#numbers);
    return true;
  }

  /** Looks whether lines like this one, which was read as JSON, can be taken by their shape. */
  learn(bytes: Uint8Array, from: number, to: number, name: string, run: RunGatherer): void {
    const tries = this.#tries.get(name) ?? 0;
    if (tries >= mostTries || this.#shapes.length >= mostShapes) return;
    this.#tries.set(name, tries + 1);
    const texts = textsOf(bytes.subarray(from, to));
    if (texts === undefined || this.#shapes.some((shape) => isSame(shape.texts, texts))) return;
    const event = eventOfLine(withPlaceholders(texts));
    const numbers = event === undefined ? undefined : run.direct(event, texts.length - 1);
    if (numbers === undefined) return;
    this.#shapes.push({ texts, wanted: numbers.wanted, run, name, numbers, next: undefined });
    if (this.#numbers.length < texts.length) this.#numbers = new Float64Array(2 * texts.length);
  }
}

const isCount = (value: number | undefined): boolean => value !== undefined && Number.isInteger(value) && value >= 0;

const isSame = (some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean => some.length === others.length && some.every((text, i) => Buffer.compare(text, others[i] ?? new Uint8Array(0)) === 0);
