/** A Python process that is asked in lines of JSON and answers in lines of JSON. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The same file from `src` and from `dist`. */
const program = fileURLToPath(new URL('../../../python/torch_peer.py', import.meta.url));

type Answer = Readonly<Record<string, unknown>> & { readonly error?: string };

export class Python {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #said = '';
  #settle: ((answer: Answer) => void) | undefined;
  #ended: string | undefined;

  /** Starts `torch_peer.py` with INFNET_PYTHON, else with `python3`. */
  constructor(device: string) {
    this.#process = spawn(process.env['INFNET_PYTHON'] ?? 'python3', ['-u', program, device], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process.stderr.on('data', (data: Buffer) => {
      this.#said = (this.#said + data.toString()).slice(-4000);
    });
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('close', (code) =>
      this.#end(this.#said.trim().split('\n').at(-1) || `python3 ended with ${code}`),
    );
    createInterface(this.#process.stdout).on('line', (line) => this.#settle?.(JSON.parse(line) as Answer));
  }

  /** @throws Error with the last line of what Python said. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#settle = resolve;
      if (this.#ended === undefined) this.#process.stdin.write(`${JSON.stringify(request)}\n`, () => {});
      else resolve({ error: this.#ended });
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#settle?.({ error: this.#ended });
  }
}
