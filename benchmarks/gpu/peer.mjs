/** A process that answers one JSON line with one JSON line. It is asked one thing at a time, and not waited for without end. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Peer {
  /**
   * @param {readonly string[]} command the program and its arguments
   * @param {{ env?: Record<string, string>, onLog?: (text: string) => void }} [options] `onLog` gets what it writes to stderr
   */
  constructor([program, ...args], { env = {}, onLog = () => {} } = {}) {
    this.child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.ended = undefined;
    this.settle = undefined;
    this.child.stdin.on('error', () => {});
    this.child.stderr.setEncoding('utf8').on('data', onLog);
    this.child.on('error', (error) => this.#end(error.message));
    this.child.on('close', (code, signal) => this.#end(`its process ended with ${signal ?? `code ${code}`}`));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      // A library may print; an answer is an object.
      if (line.startsWith('{')) this.settle?.(JSON.parse(line));
    });
  }

  /** @throws Error with the process's own message, how it ended, or that it took too long (it is then ended). */
  async ask(op, request = {}, seconds = 60) {
    if (this.ended !== undefined) throw new Error(this.ended);
    const answer = await new Promise((resolve) => {
      const timer = setTimeout(() => this.#stop(`no answer to "${op}" within ${seconds.toFixed(0)} s`), seconds * 1e3);
      this.settle = (value) => {
        clearTimeout(timer);
        this.settle = undefined;
        resolve(value);
      };
      this.child.stdin.write(`${JSON.stringify({ op, ...request })}\n`);
    });
    if (!answer.ok) throw new Error(answer.error);
    return answer;
  }

  /** Ends the process: by closing its input, and by force when that does not help. */
  async close() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }

  #stop(reason) {
    this.#end(reason);
    this.child.kill('SIGKILL');
  }

  #end(reason) {
    this.ended ??= reason;
    this.settle?.({ ok: false, error: this.ended });
  }
}
