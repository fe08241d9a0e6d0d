/** The child, as the parent sees it: started again whenever it ended. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FORMATS } from './formats/index.js';
import { keep } from './found.js';
import { inputOf } from './measure.js';
import type { Job, Result } from './protocol.js';

/** A heap that no reader of such files needs, so that one that takes too much ends soon. */
const HEAP = ['--max-old-space-size=384', '--expose-gc'];
/** How often it is looked at whether the child is still at the same input, and the CPU time after which it is ended. */
const LOOK_SECONDS = 15;
const MOST_SECONDS = 60;
/** Clock ticks of a second in Linux's `/proc`. */
const TICKS = 100;

export class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), 'infnet-fuzz-'));
  readonly #marker = join(this.#folder, 'index');
  #child: ChildProcess | undefined;

  /** Reads the inputs of a job; one that ends the process is a finding, and the rest is read by another. */
  async run(job: Omit<Job, 'marker'>): Promise<Result[]> {
    const results: Result[] = [];
    const end = job.from + job.count;
    for (let from = job.from; from < end; ) {
      const answer = await this.#ask({ ...job, from, count: end - from, marker: this.#marker });
      if (typeof answer !== 'string') {
        results.push(answer);
        break;
      }
      const index = Number(readFileSync(this.#marker, 'utf8').split('\n')[0]);
      const format = FORMATS.find(({ name }) => name === job.format);
      if (format === undefined || Number.isNaN(index)) throw new Error(`the child ended: ${answer}`);
      const file = keep(job.format, 'crash', inputOf(format, format.corpus(), job.seed, index));
      const finding = { format: job.format, fault: 'crash', index, file, message: answer } as const;
      results.push({ inputs: index + 1 - from, read: 0, codes: [], slowest: 0, most: 0, findings: [finding] });
      from = index + 1;
    }
    return results;
  }

  /** The result, or how the child ended. */
  #ask(job: Job): Promise<Result | string> {
    writeFileSync(job.marker, `${job.from}\n`);
    this.#child ??= fork(fileURLToPath(new URL('./child.js', import.meta.url)), { execArgv: HEAP });
    const child = this.#child;
    let [seen, since] = ['', 0];
    let isStuck = false;
    const watch = setInterval(() => {
      const [now, seconds] = [readFileSync(this.#marker, 'utf8'), cpuSeconds(child.pid)];
      if (now !== seen) [seen, since] = [now, seconds];
      isStuck = seconds - since > MOST_SECONDS;
      if (isStuck) child.kill('SIGKILL');
    }, LOOK_SECONDS * 1000);
    return new Promise<Result | string>((resolve) => {
      child.once('message', (result: Result) => resolve(result));
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        resolve(isStuck ? 'it did not come to an end' : `the process ended (${signal ?? `exit code ${code}`})`);
      });
      child.send(job);
    }).finally(() => {
      clearInterval(watch);
      child.removeAllListeners();
    });
  }

  close(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Of another process, where the system tells; elsewhere the time that has passed, which on a busy machine is more. */
function cpuSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return performance.now() / 1000;
  }
}
