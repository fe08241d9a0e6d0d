/**
 * Bit-for-bit agreement of the two test projects.
 *
 * The Node project, on SwiftShader, writes a hash of every result it is given; the browser project, whose SwiftShader
 * is the same library, gets those hashes through vitest's `provide` and compares. `npm test` runs them in this order. A
 * browser run without a Node run before it has nothing to compare with, and its test says so in its name.
 */
import { expect, inject, it } from 'vitest';
import { goldenNote, hasGolden } from './fixtures.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Hashes that the Node project has written, by name; empty in Node itself. */
    nodeBits: Readonly<Record<string, string>>;
    /** The folder they are written to. */
    bitsFolder: string;
  }
}

interface NodeFs {
  mkdirSync(folder: string, options: { recursive: true }): void;
  writeFileSync(file: string, text: string): void;
}

/** 64 bits of FNV-1a over the bit patterns of float32 values, in two halves. */
export function bitHash(values: ArrayLike<number>): string {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const word of words) {
    low = Math.imul(low ^ word, 0x01000193);
    high = Math.imul(high ^ ((word >>> 16) | (word << 16)), 0x85ebca6b);
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Collects results during a test file and settles them in its last test. */
export class BitRecord {
  readonly #file: string;
  readonly #hashes: Record<string, string> = {};

  /** @param file a name of its own for every test file. */
  constructor(file: string) {
    this.#file = file;
  }

  add(name: string, outputs: Readonly<Record<string, ArrayLike<number>>>): void {
    for (const [output, values] of Object.entries(outputs)) this.#hashes[`${name} ${output}`] = bitHash(values);
  }

  /**
   * Declares the last test of a file. `adapterKind` is asked when the test runs.
   *
   * @param goldens those whose tests add results: where none is at hand there is nothing to keep or compare.
   */
  settle(adapterKind: () => string, goldens: readonly [string, ...string[]]): void {
    if (!goldens.some((path) => hasGolden(path))) {
      it.skip(`the bits of its results${goldenNote(goldens[0])}`, () => {});
      return;
    }
    const inBrowser = 'window' in globalThis;
    if (!inBrowser) {
      it('keeps the bits of its results for the browser to compare with', () => {
        expect(Object.keys(this.#hashes)).not.toHaveLength(0);
        if (adapterKind() === 'swiftshader') this.#write();
      });
      return;
    }
    const expected = Object.entries(inject('nodeBits')).filter(([key]) => key.startsWith(`${this.#file}: `));
    if (expected.length === 0) {
      it.skip('agrees with Node to the bit (skipped: the Node project has not run on SwiftShader here)', () => {});
      return;
    }
    it('agrees with Node to the bit, on the same SwiftShader', () => {
      const mine = Object.entries(this.#hashes).map(([key, hash]) => [`${this.#file}: ${key}`, hash]);
      expect(Object.fromEntries(mine)).toEqual(Object.fromEntries(expected));
    });
  }

  #write(): void {
    const scope = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
    const fs = scope.process?.getBuiltinModule?.('node:fs') as NodeFs;
    const folder = inject('bitsFolder');
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(`${folder}/${this.#file}.json`, JSON.stringify(this.#hashes));
  }
}
