/**
 * Writes what a training gives to its folder. A file that cannot be written (a full disk) does not end the training: it
 * is told, what was there before stays, and the next event tries again.
 */

import type { Module, StateDict } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';
import { type Reason, reasonOf } from '../../errors.js';
import type { RunLog } from './log.js';
import { writeWeights } from './net.js';
import { type Checkpoint, LOG_LINES, type RunFolder } from './run-folder.js';

export interface KeeperOptions {
  readonly folder: RunFolder;
  readonly log: RunLog;
  readonly net: Pick<Module, 'stateDictSpec'>;
  readonly seed: number;
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>>;
  readonly tell: (line: string) => void;
  /** The page as it is now. */
  readonly report: () => string;
}

export interface WeightsOrigin {
  /** Epochs trained. */
  readonly epoch: number;
  readonly steps: number;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #failures = new Map<string, Reason>();
  #linesOfState: number;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#linesOfState = options.log.lines.length;
  }

  /** What could not be written at its last try, by file. */
  get failures(): ReadonlyMap<string, Reason> {
    return this.#failures;
  }

  /**
   * The whole state. The log is on the disk before the state that has its steps.
   *
   * @param encode gets what the file must say of the log
   */
  async state(encode: (metadata: Readonly<Record<string, string>>) => Uint8Array): Promise<void> {
    const { folder, log } = this.#options;
    const file = folder.checkpoint('last');
    await this.#try(folder.log, () => log.flush(true));
    this.#linesOfState = log.lines.length;
    await this.#try(file, () => writeFileAtomic(file, encode({ [LOG_LINES]: String(log.lines.length) })));
  }

  /** How many lines the log had when the last state was made. */
  get linesOfState(): number {
    return this.#linesOfState;
  }

  /** Weights that `infnet segment` and PyTorch read. */
  async weights(name: Checkpoint, parameters: StateDict, { epoch, steps }: WeightsOrigin): Promise<boolean> {
    const { folder, net, seed, describe } = this.#options;
    const file = folder.checkpoint(name);
    return this.#try(file, () => writeWeights(file, net, parameters, { ...describe, epoch, seed, steps }));
  }

  async log(): Promise<void> {
    const { folder, log } = this.#options;
    await this.#try(folder.log, () => log.flush());
  }

  async report(): Promise<void> {
    const { folder, report } = this.#options;
    await this.#try(folder.report, () => writeFileAtomic(folder.report, new TextEncoder().encode(report())));
  }

  /** Any other file: a picture. */
  async file(path: string, write: () => Promise<void>): Promise<void> {
    await this.#try(path, write);
  }

  async #try(file: string, write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      if (this.#failures.delete(file)) this.#options.tell(`infnet: ${file} could be written again`);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#failures.get(file)?.message !== reason.message) {
        this.#options.tell(
          `infnet: not written: ${file}: [${reason.code}] ${reason.message} Training goes on and tries again.`,
        );
      }
      this.#failures.set(file, reason);
      return false;
    }
  }
}
