/** Figures of a format, and the table of all. */
import type { Fault } from './measure.js';
import type { Result } from './protocol.js';

const MIB = 2 ** 20;

export class Tally {
  readonly #name: string;
  readonly #faults = new Map<Fault, number>();
  readonly #codes = new Set<string>();
  #inputs = 0;
  #read = 0;
  #slowest = 0;
  #most = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get faults(): number {
    return [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
  }

  add({ inputs, read, codes, slowest, most, findings }: Result): void {
    this.#inputs += inputs;
    this.#read += read;
    this.#slowest = Math.max(this.#slowest, slowest);
    this.#most = Math.max(this.#most, most);
    for (const code of codes) this.#codes.add(code);
    for (const { fault } of findings) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  #cells(): string[] {
    const counts = (['crash', 'time', 'memory'] as const).map((fault) => String(this.#faults.get(fault) ?? 0));
    const figures = [this.#slowest.toFixed(0), (this.#most / MIB).toFixed(1)];
    return [this.#name, String(this.#inputs), String(this.#read), String(this.#codes.size), ...counts, ...figures];
  }

  /** As Markdown. */
  static table(tallies: readonly Tally[]): string {
    const head = 'format, inputs, read, codes, crashes, over time, over memory, slowest (ms), most beyond (MiB)'.split(
      ', ',
    );
    const sum = (at: number): string => String(tallies.reduce((total, tally) => total + Number(tally.#cells()[at]), 0));
    const rows = [
      ...tallies.map((tally) => tally.#cells()),
      ['all', sum(1), sum(2), '', sum(4), sum(5), sum(6), '', ''],
    ];
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    return [line(head), line(head.map((_, n) => (n === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
  }
}
