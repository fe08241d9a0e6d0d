/** Peers as the parent sees them: processes that are asked, that may die, and that are then started again. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  type Asked,
  type Ceilings,
  CHILD_OPTION,
  type DeviceSeconds,
  type Loaded,
  type PeerName,
  type Prepared,
  type Reply,
  type Request,
  type Workload,
} from './protocol.js';
import { vulkanDriver } from './vulkan-driver.js';

/** How long an answer is waited for. */
export interface Patience {
  /** Seconds, asked again for each request; `share` of what there is, where time is short. 0: do not even ask. */
  seconds(share: number): number;
  /** What an error begins with when there was no more time, e.g. "over the run's time". */
  readonly reason?: string;
}

export interface PeerProcessOptions {
  /** This program. */
  readonly program: string;
  readonly patience: Patience;
  /** Environment beside the parent's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** How many characters of what a process printed are kept for its error. */
const KEPT = 2000;

/** Every question may fail: with the peer's own message, how its process ended, or that there was no time. */
export class PeerProcess implements Asked {
  readonly name: PeerName;
  readonly #options: PeerProcessOptions;
  #child: ChildProcess | undefined;
  #printed = '';
  #loaded: Loaded | undefined;

  constructor(name: PeerName, options: PeerProcessOptions) {
    this.name = name;
    this.#options = options;
  }

  /** What it says of itself, once it was loaded. */
  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  prepare(workload: Workload, share: number): Promise<Prepared> {
    return this.#ask({ name: 'prepare', workload }, share);
  }

  sample(): Promise<number> {
    return this.#ask({ name: 'sample' });
  }

  device(): Promise<DeviceSeconds | undefined> {
    return this.#ask({ name: 'device' });
  }

  ceilings(): Promise<Ceilings> {
    return this.#ask({ name: 'ceilings' });
  }

  async release(): Promise<void> {
    if (this.#child !== undefined) await this.#request(this.#child, { name: 'release' }, 1);
  }

  /** Ends the process; the next question starts another one. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    await gone;
    clearTimeout(timer);
  }

  /** Asks the process, which is started and loads its library before. */
  async #ask<T>(request: Request, share = 1): Promise<T> {
    return this.#request(this.#child ?? (await this.#load(share)), request, share);
  }

  async #load(share: number): Promise<ChildProcess> {
    this.#seconds(share);
    const drivers = this.name === 'ort-webgpu' ? await vulkanDriver() : {};
    const child = fork(this.#options.program, [`--${CHILD_OPTION}`, this.name], {
      env: { ...process.env, ...this.#options.environment, ...drivers },
      // Typed arrays travel as they are.
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#printed = (this.#printed + data.toString()).slice(-KEPT);
      });
    }
    child.on('exit', () => this.#forget(child));
    try {
      this.#loaded = await this.#request<Loaded>(child, { name: 'load' }, share);
      return child;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** One request at a time. */
  async #request<T>(child: ChildProcess, request: Request, share: number): Promise<T> {
    const seconds = this.#seconds(share);
    const { reason } = this.#options.patience;
    const reply = await new Promise<Reply>((resolve) => {
      const timer = setTimeout(() => {
        const late = `no answer to "${request.name}" within ${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
        this.#forget(child);
        child.kill('SIGKILL');
        settle({ ok: false, error: reason === undefined ? late : `${reason}: ${late}` });
      }, seconds * 1e3);
      const settle = (found: Reply): void => {
        clearTimeout(timer);
        child.off('message', settle).off('exit', ended);
        resolve(found);
      };
      const ended = (code: number | null, signal: string | null): void => {
        settle({ ok: false, error: `the process ended with ${signal ?? `code ${code}`}${lastLine(this.#printed)}` });
      };
      child.on('message', settle).on('exit', ended);
      // One that can't be reached has ended, and says so.
      child.send(request, () => {});
    });
    if (!reply.ok) throw new Error(reply.error);
    return reply.value as T;
  }

  #forget(child: ChildProcess): void {
    if (this.#child === child) this.#child = undefined;
  }

  /** What a request may take. @throws Error where there is no time. */
  #seconds(share: number): number {
    const { patience } = this.#options;
    const seconds = patience.seconds(share);
    if (seconds <= 0) throw new Error(patience.reason ?? 'no time');
    return seconds;
  }
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
