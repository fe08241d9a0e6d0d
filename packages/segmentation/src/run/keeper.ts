/**
 * Writes what a training gives to its folder. A file that cannot be written (a full disk) does not end the training: it
 * is told, what was there before stays, and the next event tries again. A folder that is gone is made again with the
 * next state, with all that is needed to go on from it.
 */

import type { Module, StateDict } from '@infnet/core';
import { encodeContent, type SlicesContent } from '../train/content.js';
import type { TrainSettings } from '../train/options.js';
import { type Checkpoint, checkpointFile, FILES, writeSettings } from './folder.js';
import type { RunLog } from './log.js';
import { bookkeeping, CONTENT, LOG_LINES, type StoredState } from './state.js';
import type { RunStore } from './store.js';
import { weightsFile } from './weights.js';

/** An error in parts, as it is told. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

type Texts = Readonly<Record<string, string>>;

export interface KeeperOptions {
  readonly store: RunStore;
  readonly log: RunLog;
  readonly net: Pick<Module, 'stateDictSpec'>;
  readonly seed: number;
  readonly settings: TrainSettings;
  /** The state that the run goes on from. */
  readonly stored: StoredState | undefined;
  readonly content: SlicesContent | undefined;
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>> & { readonly made_by: string };
  readonly tell: (line: string) => void;
  /** The page as it is now. */
  readonly report: () => string;
  readonly reasonOf: (error: unknown) => Reason;
  /** The folder was gone: what others keep in it is written again. */
  readonly onRestored: () => Promise<void>;
}

export interface WeightsOrigin {
  /** Epochs trained. */
  readonly epoch: number;
  readonly steps: number;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #failures = new Map<string, Reason>();
  /** What was written as weights, by path, to write it again. */
  readonly #weights = new Map<string, Uint8Array>();
  #linesOfState: number;
  #generation: number;
  /** Whether `last` is whole, so that it is kept as `previous`. */
  #isLastWhole: boolean;
  /** Whether the log says that there is a state. */
  #isStateTold: boolean;

  constructor(options: KeeperOptions) {
    const { stored, log } = options;
    this.#options = options;
    this.#linesOfState = log.lines.length;
    this.#generation = stored?.generation ?? 0;
    this.#isLastWhole = stored?.damaged === undefined;
    this.#isStateTold = stored !== undefined;
  }

  /** The log's lines up to here stay, should the device be lost before the next state. */
  mark(): void {
    this.#linesOfState = this.#options.log.lines.length;
  }

  /** What could not be written at its last try, by file. */
  get failures(): ReadonlyMap<string, Reason> {
    return this.#failures;
  }

  /**
   * The whole state. The log is on the disk before the state that has its steps.
   *
   * @param encode gets what the file must say, and what of it the checksum is not of
   */
  async state(encode: (metadata: Texts, apart: Texts) => Uint8Array): Promise<void> {
    const { store, log, content } = this.#options;
    await this.#restoreFolder();
    const file = checkpointFile('last');
    await this.keep(FILES.log, () => log.flush(true));
    this.#linesOfState = log.lines.length;
    const generation = this.#generation + 1;
    const metadata: Texts = content === undefined ? {} : { [CONTENT]: encodeContent(content) };
    const apart = { [LOG_LINES]: bookkeeping(log.lines.length, generation) };
    const before = this.#isLastWhole ? { keep: checkpointFile('previous') } : {};
    if (!(await this.keep(file, () => store.write(file, encode(metadata, apart), before)))) return;
    this.#generation = generation;
    this.#isLastWhole = true;
    if (this.#isStateTold) return;
    this.#isStateTold = true;
    log.note('state', log.lines.at(-1)?.step ?? 0);
    await this.log();
  }

  /** A folder without settings and log is not the one that the run was begun in. */
  async #restoreFolder(): Promise<void> {
    const { store, log, settings, tell, onRestored } = this.#options;
    const names = await store.list('').catch((): string[] => []);
    if ([FILES.config, FILES.log].every((name) => names.includes(name))) return;
    log.note('restored', log.lines.at(-1)?.step ?? 0);
    const done = [
      await this.keep(FILES.config, () => writeSettings(store, settings)),
      await this.keep(FILES.log, () => log.restore()),
    ];
    for (const [path, bytes] of this.#weights) done.push(await this.keep(path, () => store.write(path, bytes)));
    done.push(await this.keep('', onRestored));
    if (done.every((isDone) => isDone)) tell(`infnet: ${store.where('')} was gone; it is made again`);
  }

  /** How many lines the log had when the last state was made. */
  get linesOfState(): number {
    return this.#linesOfState;
  }

  /** Weights that `infnet segment` and PyTorch read. */
  async weights(name: Checkpoint, parameters: StateDict, { epoch, steps }: WeightsOrigin): Promise<boolean> {
    const { store, net, seed, describe } = this.#options;
    const file = checkpointFile(name);
    return this.keep(file, async () => {
      const bytes = weightsFile(net, parameters, { ...describe, epoch, seed, steps });
      if (name !== 'final') this.#weights.set(file, bytes);
      await store.write(file, bytes);
    });
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
