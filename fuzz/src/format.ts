import type { Random } from './random.js';

/** What is mutated, and read. */
export interface Format {
  readonly name: string;
  /** Bytes that the reader itself takes, whatever the file. */
  readonly own?: number;
  /** Files to begin with, all of which are read. */
  corpus(): readonly Uint8Array[];
  /** Files below 2 MB that cost all they can: a run reads each once, and they have the whole second. */
  readonly hard?: readonly (() => Uint8Array)[];
  /** Another file, made of one of them; mostly with the checksums that it should have. */
  mutate(file: Uint8Array, random: Random): Uint8Array;
  /**
   * Reads a file as infnet does.
   *
   * @returns bytes of what the file declared and held
   * @throws InfnetError where it is refused; anything else is a finding
   */
  read(bytes: Uint8Array): number | Promise<number>;
}
