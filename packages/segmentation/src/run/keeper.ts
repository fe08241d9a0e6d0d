/**
 * Writes what a training gives to its folder. A file that cannot be written (a full disk) does not end the training: it
 * is told, what was there before stays, and the next event tries again.
 */

import type { Module, StateDict } from '@infnet/core';
import { type Checkpoint, checkpointFile, FILES, LOG_LINES } from './folder.js';
import type { RunLog } from './log.js';
import type { RunStore } from './store.js';
import { weightsFile } from './weights.js';

/** An error in parts, as it is told. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

export interface KeeperOptions {
  readonly store: RunStore;
  readonly log: RunLog;
  readonly net: Pick<Module, 'stateDictSpec'>;
  readonly seed: number;
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>> & { readonly made_by: string };
  readonly tell: (line: string) => void;
  /** The page as it is now. */
  readonly report: () => string;
  readonly reasonOf: (error: unknown) => Reason;
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
    const { store, log } = this.#options;
    const file = checkpointFile('last');
    await this.keep(FILES.log, () => log.flush(true));
    this.#linesOfState = log.lines.length;
    await this.keep(file, () => store.write(file, encode({ [LOG_LINES]: String(log.lines.length) })));
  }

  /** How many lines the log had when the last state was made. */
  get linesOfState(): number {
    return this.#linesOfState;
  }

  /** Weights that `infnet segment` and PyTorch read. */
  async weights(name: Checkpoint, parameters: StateDict, { epoch, steps }: WeightsOrigin): Promise<boolean> {
    const { store, net, seed, describe } = this.#options;
    const file = checkpointFile(name);
    const bytes = (): Uint8Array => weightsFile(net, parameters, { ...describe, epoch, seed, steps });
    return this.keep(file, () => store.write(file, bytes()));
  }

  async log(): Promise<void> {
    const { log } = this.#options;
    await this.keep(FILES.log, () => log.flush());
  }

  async report(): Promise<void> {
    const { report } = this.#options;
    await this.text(FILES.report, report);
  }

  async text(path: string, text: () => string): Promise<void> {
    const { store } = this.#options;
    await this.keep(path, () => store.write(path, new TextEncoder().encode(text())));
  }

  /** Writes anything under a path. @returns whether it could be written */
  async keep(path: string, write: () => Promise<void>): Promise<boolean> {
    const { store, tell, reasonOf } = this.#options;
    const file = store.where(path);
    try {
      await write();
      if (this.#failures.delete(file)) tell(`infnet: ${file} could be written again`);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#failures.get(file)?.message !== reason.message) {
        tell(`infnet: not written: ${file}: [${reason.code}] ${reason.message} Training goes on and tries again.`);
      }
      this.#failures.set(file, reason);
      return false;
    }
  }
}
