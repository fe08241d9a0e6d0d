/** A peer as the parent sees it: a process that is asked, and that may die. */
import { type ChildProcess, fork } from 'node:child_process';
import { CHILD_OPTION, type PeerName, type Reply, type RequestName, type Requests } from './protocol.js';

export interface PeerProcessOptions {
  /** Environment beside the parent's own. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly patience: Patience;
}

/** How long an answer is waited for. */
export interface Patience {
  /** Seconds, asked again for each request; `share` of what there is, where time is short. 0: do not even ask. */
  seconds(share: number): number;
  /** What an error begins with when there was no more time, e.g. "over the run's time". */
  readonly reason?: string;
}

/** How many characters of what a process printed are kept for its error. */
const KEPT = 2000;

export class PeerProcess {
  readonly name: PeerName;
  readonly #child: ChildProcess;
  readonly #patience: Patience;
  readonly #ready: Promise<void>;
  #nextId = 0;
  #printed = '';
  #ended: string | undefined;
  #waiting: { readonly id: number; settle(reply: Reply): void } | undefined;

  constructor(program: string, name: PeerName, { environment = {}, patience }: PeerProcessOptions) {
    this.name = name;
    this.#patience = patience;
    this.#child = fork(program, [`--${CHILD_OPTION}`, name], {
      env: { ...process.env, ...environment },
      // Typed arrays travel as they are.
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#printed = (this.#printed + data.toString()).slice(-KEPT);
      });
    }
    let ready = (): void => {};
    this.#ready = new Promise((resolve) => {
      ready = resolve;
    });
    this.#child.on('message', (message: Reply | 'ready') => {
      if (message === 'ready') ready();
      else if (message.id === this.#waiting?.id) this.#waiting.settle(message);
    });
    this.#child.on('exit', (code, signal) => {
      this.#ended = `the process ended with ${signal ?? `code ${code}`}${lastLine(this.#printed)}`;
      ready();
      this.#waiting?.settle({ id: this.#waiting.id, ok: false, error: this.#ended });
    });
  }

  /** Whether the process is still there. */
  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Asks and waits. @throws Error with the peer's own message, or how its process ended, or that there was no time. */
  async ask<N extends RequestName>(name: N, argument?: Requests[N]['takes'], share = 1): Promise<Requests[N]['gives']> {
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const { reason } = this.#patience;
    const seconds = this.#patience.seconds(share);
    if (seconds <= 0) throw new Error(reason ?? 'no time');
    const id = this.#nextId++;
    const reply = await new Promise<Reply>((resolve) => {
      const timer = setTimeout(() => {
        const late = `no answer to "${name}" within ${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
        const error = reason === undefined ? late : `${reason}: ${late}`;
        this.#ended = error;
        this.#child.kill('SIGKILL');
        settle({ id, ok: false, error });
      }, seconds * 1e3);
      const settle = (answer: Reply): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(answer);
      };
      this.#waiting = { id, settle };
      this.#ready.then(() => {
        if (this.#ended === undefined) this.#child.send({ id, name, argument });
        else settle({ id, ok: false, error: this.#ended });
      });
    });
    if (!reply.ok) throw new Error(reply.error);
    return reply.value as Requests[N]['gives'];
  }

  /** Ends the process. */
  async end(): Promise<void> {
    if (this.#ended !== undefined || this.#child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await gone;
    clearTimeout(timer);
  }
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
