/**
 * A strict JSON reader for safetensors headers.
 *
 * `JSON.parse` takes the last of two equal keys without a word, and two readers that disagree about which one counts
 * read two different files. Here equal keys are an error, objects are Maps, and nesting is limited.
 */
import { corrupt, quote } from '../errors.js';

export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

const MAX_DEPTH = 8;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Whole strings; what is between the quotes is then JSON.parse's business. */
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SPACE = /[ \t\r\n]*/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Parses `text` as one JSON value; trailing spaces are allowed, as the format pads with them. */
export function parseJson(text: string): Json {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
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
    const digits = this.#match(NUMBER);
    if (digits === undefined) throw this.#bad('has no value where one should be');
    return Number(digits);
  }

  end(): void {
    if (this.#peek() !== '') throw this.#bad('goes on after its end');
  }

  #object(depth: number): Map<string, Json> {
    const object = new Map<string, Json>();
    this.#at++;
    if (this.#take('}')) return object;
    do {
      if (this.#peek() !== '"') throw this.#bad('has no key where one should be');
      const key = this.#string();
      if (object.has(key)) throw this.#bad(`has the key ${quote(key)} twice`);
      if (!this.#take(':')) throw this.#bad(`has no colon after the key ${quote(key)}`);
      object.set(key, this.value(depth + 1));
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#bad('has an object that is not closed');
    return object;
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
    const raw = this.#match(STRING);
    if (raw === undefined) throw this.#bad('has a string that is not closed');
    try {
      return JSON.parse(raw) as string;
    } catch {
      throw this.#bad(`has a string that is not valid JSON, ${quote(raw)}`);
    }
  }

  #peek(): string {
    this.#match(SPACE);
    return this.#text.charAt(this.#at);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #bad(what: string): Error {
    return corrupt(`The header of the safetensors file ${what} (at character ${this.#at}).`);
  }
}
