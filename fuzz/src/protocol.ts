/** What parent and child say to each other. */
import type { Fault } from './measure.js';

/** Inputs that the child is to make and read. */
export interface Job {
  readonly format: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** When to stop, in milliseconds since 1970. */
  readonly until: number;
  /** A file that always holds the number of the input that is read. */
  readonly marker: string;
}

export interface Finding {
  readonly format: string;
  readonly fault: Fault;
  readonly index: number;
  readonly message: string;
  /** Where the file lies. */
  readonly file: string;
}

export interface Result {
  readonly inputs: number;
  /** The rest was refused with a code. */
  readonly read: number;
  readonly codes: readonly string[];
  readonly slowest: number;
  /** The most bytes that were taken beyond what a file declared and held. */
  readonly most: number;
  readonly findings: readonly Finding[];
}
