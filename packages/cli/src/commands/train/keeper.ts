/**
 * Writes what a training gives to its folder. A file that cannot be written (a full disk) does not end the training: it is told,
 * what was there before stays, and the next event tries again.
 */

import type { InfNet } from '@infnet/inf-net';
import { writeFileAtomic } from '@infnet/node';
import type { TrainerState } from '@infnet/trainer';
import { type Reason, reasonOf } from '../../errors.js';
import type { RunLog } from './log.js';
import { writeWeights } from './net.js';
import type { RunFolder } from './run-folder.js';

export interface KeeperOptions {
  readonly folder: RunFolder;
  readonly log: RunLog;
  readonly net: InfNet;
  readonly seed: number;
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>>;
  readonly tell: (line: string) => void;
  /** The page as it is now. */
  readonly report: () => string;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #failures = new Map<string, Reason>();
  /** The best state, until its weights are written. */
  #best: TrainerState | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** What could not be written at its last try, by file. */
  get failures(): ReadonlyMap<string, Reason> {
    return this.#failures;
  }

  /**
   * The state after an epoch, or within one. Best weights go first: once the state says that an epoch was the best, its weights
   * are there. The log is on the disk before the state that has its steps.
   */
  async state(state: TrainerState): Promise<void> {
    const { folder, log } = this.#options;
    const { best, position } = state;
    await this.#try(folder.log, () => log.flush(true));
    if (best !== undefined && best.step === position.step) this.#best = state;
    if (this.#best !== undefined && (await this.weights('best', this.#best))) this.#best = undefined;
    // A state that says there are best weights must not be newer than they are.
    if (this.#best === undefined) await this.#try(folder.checkpoint('last'), () => folder.writeState(state));
  }

  /** Weights that `infnet segment` and PyTorch read. */
  async weights(name: 'best' | 'final', { parameters, position }: TrainerState): Promise<boolean> {
    const { folder, net, seed, describe } = this.#options;
    const file = folder.checkpoint(name);
    const description = { ...describe, epoch: position.epoch, seed, steps: position.step };
    return this.#try(file, () => writeWeights(file, net, parameters, description));
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
