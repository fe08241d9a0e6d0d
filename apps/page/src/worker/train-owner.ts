/**
 * One tab at a time may change the training that is stored.
 *
 * All tabs of a page share its storage. The one that trains holds a lock (Web Locks) as long as it does, and so does
 * one that discards or begins, for that moment: another tab sees that it is held and can do neither. The browser gives
 * the lock back when a tab is closed or crashes, and then any other may go on from what was stored. Where there are no
 * locks nothing is stored that tabs could share.
 */
import { InfnetError } from '@infnet/core';

const NAME = 'infnet-training';
/** After a reload the worker of the old page may hold the lock for another moment. Milliseconds. */
const PATIENCE = 3000;

export class TrainOwner {
  readonly #locks: LockManager | undefined;
  #isMine = false;

  constructor(locks: LockManager | undefined) {
    this.#locks = locks;
  }

  /** Whether tabs can be told apart, and so may share a storage. */
  get canShare(): boolean {
    return this.#locks !== undefined;
  }

  /** Whether another tab trains. */
  async isElsewhere(): Promise<boolean> {
    if (this.#locks === undefined || this.#isMine) return false;
    const { held = [] } = await this.#locks.query();
    return held.some(({ name }) => name === NAME);
  }

  /** Resolves when no tab trains any more. @throws the signal's reason */
  async untilFree(signal: AbortSignal): Promise<void> {
    await this.#locks?.request(NAME, { signal }, () => {});
  }

  /** Runs `body` as the only one. @throws InfnetError `TRAIN_ELSEWHERE` while another tab trains */
  async alone<T>(body: () => Promise<T>): Promise<T> {
    if (this.#locks === undefined) return body();
    const patience = AbortSignal.timeout(PATIENCE);
    const run = async (): Promise<T> => {
      this.#isMine = true;
      try {
        return await body();
      } finally {
        this.#isMine = false;
      }
    };
    try {
      return await this.#locks.request(NAME, { signal: patience }, run);
    } catch (error) {
      if (error !== patience.reason) throw error;
      const fix = 'Look at that tab; what is stored can be changed here once it is paused, finished or closed.';
      throw new InfnetError({ code: 'TRAIN_ELSEWHERE', message: 'Another tab of this page is training.', fix });
    }
  }
}
