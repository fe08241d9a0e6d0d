/**
 * A strict JSON reader for safetensors headers.
 *
 * `JSON.parse` takes the last of two equal keys without a word, and two readers that disagree about which one counts
 * read two different files. Here equal keys are an error. And nothing is built that nobody asked for: whoever reads
 * says at each place what may stand there, so that a header of a hundred megabytes of empty objects ends at its first
 * one.
 */
import { checkpointError, corrupt, FIX, quote } from '../errors.js';

/** No quantifier is unbounded: on megabytes of digits a regular expression may exhaust its stack. */
const NUMBER = /-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,4})?/y;

/** Where a value stands that nobody takes, so deep and so many are passed over before that is said. */
const MAX_DEPTH = 8;
const MAX_VALUES = 100_000;
const WORDS = ['true', 'false', 'null'];

export class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first character of what comes next, spaces aside; empty at the end. */
  peek(): string {
    for (;;) {
      const character = this.#text.charAt(this.#at);
      if (character === '' || !' \t\r\n'.includes(character)) return character;
      this.#at++;
    }
  }

  /**
   * An object; `entry` reads the value of each key.
   *
   * @param most keys that there may be
   * @throws InfnetError `CHECKPOINT_CORRUPT`, also for a key twice; `CHECKPOINT_LIMIT`
   */
  object(what: string, most: number, entry: (key: string) => void): void {
    if (this.peek() !== '{') throw this.unwanted(`${what} is not an object.`);
    this.#at++;
    const keys = new Set<string>();
    if (this.#take('}')) return;
    do {
      if (this.peek() !== '"') throw this.bad('has no key where one should be');
      const key = this.string();
      if (keys.has(key)) throw this.bad(`has the key ${quote(key)} twice`);
      if (keys.size >= most) throw tooMany(most, what);
      keys.add(key);
      if (!this.#take(':')) throw this.bad(`has no colon after the key ${quote(key)}`);
      entry(key);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.bad('has an object that is not closed');
  }

  /** The refusal of the value that comes next: `why`, or what is wrong with the value as JSON. */
  unwanted(why: string): Error {
    this.#skip(2, { values: 0 });
    return corrupt(why);
  }

  /** Passes over a value of any kind, and makes nothing of it. */
  #skip(depth: number, count: { values: number }): void {
    if (++count.values > MAX_VALUES) throw tooMany(MAX_VALUES, 'An entry of the safetensors header');
    if (depth > MAX_DEPTH) throw this.bad(`nests deeper than ${MAX_DEPTH} levels`);
    const first = this.peek();
    if (first === '{') {
      this.object('A value', MAX_VALUES, () => this.#skip(depth + 1, count));
    } else if (this.#take('[')) {
      if (this.#take(']')) return;
      do this.#skip(depth + 1, count);
      while (this.#take(','));
      if (!this.#take(']')) throw this.bad('has an array that is not closed');
    } else if (first === '"') {
      this.string();
    } else {
      const word = WORDS.find((one) => this.#text.startsWith(one, this.#at));
      if (word !== undefined) this.#at += word.length;
      else if (this.#number() === undefined) throw this.bad('has no value where one should be');
    }
  }

  /** An array of natural numbers; undefined where something else stands, or more than `most` of them. */
  sizes(most: number): number[] | undefined {
    const sizes: number[] = [];
    if (!this.#take('[')) return undefined;
    if (this.#take(']')) return sizes;
    do {
      const size = this.#number();
      if (size === undefined || !Number.isSafeInteger(size) || size < 0 || sizes.length === most) return undefined;
      sizes.push(size);
    } while (this.#take(','));
    return this.#take(']') ? sizes : undefined;
  }

  /** A text; {@link peek} says whether there is one. */
  string(): string {
    const start = this.#at;
    let end = start + 1;
    for (; end < this.#text.length; end++) {
      const character = this.#text[end];
      if (character === '"') break;
      if (character === '\\') end++;
    }
    if (end >= this.#text.length) throw this.bad('has a string that is not closed');
    this.#at = end + 1;
    const raw = this.#text.slice(start, this.#at);
    try {
      // What may stand between the quotes is JSON.parse's business.
      return JSON.parse(raw) as string;
    } catch {
      throw this.bad(`has a string that is not valid JSON, ${quote(raw)}`);
    }
  }

  /** Whether `null` comes next, which is then read. */
  takeNull(): boolean {
    if (this.peek() !== 'n' || !this.#text.startsWith('null', this.#at)) return false;
    this.#at += 'null'.length;
    return true;
  }

  end(): void {
    if (this.peek() !== '') throw this.bad('goes on after its end');
  }

  bad(what: string): Error {
    return corrupt(`The header of the safetensors file ${what} (at character ${this.#at}).`);
  }

  #take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  #number(): number | undefined {
    this.peek();
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits);
  }
}

function tooMany(most: number, what: string): Error {
  return checkpointError('CHECKPOINT_LIMIT', `${what} has more than ${most} entries.`, FIX.download);
}
