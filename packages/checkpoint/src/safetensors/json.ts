/**
 * A strict JSON reader for safetensors headers.
 *
 * `JSON.parse` takes the last of two equal keys without a word, and two readers that disagree about which one counts
 * read two different files. Here equal keys are an error, objects are Maps, and nesting is limited. The entries of the
 * header are handed out one by one: a header of a hundred megabytes that is not a list of tensors ends at its first
 * entry, and is never built up in memory.
 */
import { checkpointError, corrupt, FIX, quote } from '../errors.js';

export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

const MAX_DEPTH = 8;
/** No quantifier is unbounded: on megabytes of digits a regular expression may exhaust its stack. */
const NUMBER = /-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,4})?/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Values that one entry of the header may hold: a tensor has some ten, `__metadata__` has texts. */
const MAX_VALUES = 100_000;

/** Entries of a header; the largest published nets have some ten thousand tensors. */
const MAX_ENTRIES = 1_000_000;

/**
 * Reads `text` as one JSON object and hands out its entries in order; trailing spaces are allowed, as the format pads
 * with them.
 *
 * @throws InfnetError `CHECKPOINT_CORRUPT`, `CHECKPOINT_LIMIT`
 */
export function readJsonObject(text: string, entry: (key: string, value: Json) => void): void {
  const parser = new Parser(text);
  parser.object(entry);
  parser.end();
}

class Parser {
  readonly #text: string;
  #at = 0;
  /** Values of the entry that is read. */
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The outermost object. */
  object(entry: (key: string, value: Json) => void): void {
    const keys = new Set<string>();
    if (this.#peek() !== '{') throw corrupt('The safetensors header is not a JSON object.');
    this.#entries((key) => {
      if (keys.has(key)) throw this.#bad(`has the key ${quote(key)} twice`);
      if (keys.size >= MAX_ENTRIES) throw tooMany(`more than ${MAX_ENTRIES} entries`);
      keys.add(key);
      this.#values = 0;
      entry(key, this.value(1));
    });
  }

  value(depth: number): Json {
    if (++this.#values > MAX_VALUES) throw tooMany(`an entry of more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw this.#bad(`nests deeper than ${MAX_DEPTH} levels`);
    switch (this.#peek()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
    }
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#number();
    if (number === undefined) throw this.#bad('has no value where one should be');
    return number;
  }

  end(): void {
    if (this.#peek() !== '') throw this.#bad('goes on after its end');
  }

  #object(depth: number): Map<string, Json> {
    const object = new Map<string, Json>();
    this.#entries((key) => {
      if (object.has(key)) throw this.#bad(`has the key ${quote(key)} twice`);
      object.set(key, this.value(depth + 1));
    });
    return object;
  }

  /** Calls `entry` where the value of each key begins. */
  #entries(entry: (key: string) => void): void {
    this.#at++;
    if (this.#take('}')) return;
    do {
      if (this.#peek() !== '"') throw this.#bad('has no key where one should be');
      const key = this.#string();
      if (!this.#take(':')) throw this.#bad(`has no colon after the key ${quote(key)}`);
      entry(key);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#bad('has an object that is not closed');
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    if (this.#take(']')) return array;
    do array.push(this.value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#bad('has an array that is not closed');
    return array;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    for (; end < this.#text.length; end++) {
      const character = this.#text[end];
      if (character === '"') break;
      if (character === '\\') end++;
    }
    if (end >= this.#text.length) throw this.#bad('has a string that is not closed');
    this.#at = end + 1;
    const raw = this.#text.slice(start, this.#at);
    try {
      // What may stand between the quotes is JSON.parse's business.
      return JSON.parse(raw) as string;
    } catch {
      throw this.#bad(`has a string that is not valid JSON, ${quote(raw)}`);
    }
  }

  /** The next character that is not a space; empty at the end. */
  #peek(): string {
    for (;;) {
      const character = this.#text.charAt(this.#at);
      if (character === '' || !' \t\r\n'.includes(character)) return character;
      this.#at++;
    }
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #number(): number | undefined {
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    return Number(digits);
  }

  #bad(what: string): Error {
    return corrupt(`The header of the safetensors file ${what} (at character ${this.#at}).`);
  }
}

function tooMany(what: string): Error {
  return checkpointError('CHECKPOINT_LIMIT', `The header of the safetensors file has ${what}.`, FIX.download);
}
