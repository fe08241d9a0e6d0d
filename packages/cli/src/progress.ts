/**
 * Progress on stderr. On a terminal a bar that is drawn in place; elsewhere (a log file, a pipe) a line now and then,
 * so that a log stays readable.
 */
import { printable } from '@infnet/core';
import type { Output } from './io.js';
import { redraw } from './terminal.js';

const BAR = 24;
const TERMINAL_INTERVAL = 80;
const LOG_INTERVAL = 10_000;

export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #label = '';
  #total = 0;
  #from = 0;
  #started = 0;
  #shown = Number.NEGATIVE_INFINITY;
  #drawn = false;
  /** Whether the end of the phase was shown: some who report it do so again and again. */
  #ended = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  /** Begins something of `total` steps, `from` of which were done before. */
  phase(label: string, total: number, from = 0): void {
    this.clear();
    this.#label = label;
    this.#total = total;
    this.#from = from;
    this.#ended = false;
    this.#started = this.#now();
    this.#shown = Number.NEGATIVE_INFINITY;
  }

  /** `done` steps are done; `detail` is the one under way. */
  update(done: number, detail = ''): void {
    const now = this.#now();
    const interval = this.#output.isTTY ? TERMINAL_INTERVAL : LOG_INTERVAL;
    if (done < this.#total ? now - this.#shown < interval : this.#ended) return;
    this.#ended = done >= this.#total;
    this.#shown = now;
    const rate = (done - this.#from) / Math.max(1e-3, (now - this.#started) / 1000);
    const figures = [`${done}/${this.#total}`, printable(detail), ...this.#timing(done, rate)].filter(
      (text) => text !== '',
    );
    if (!this.#output.isTTY) {
      this.#output.write(`${this.#label}: ${figures.join(', ')}\n`);
      return;
    }
    const full = this.#total === 0 ? BAR : Math.round((BAR * done) / this.#total);
    const text = `${this.#label} [${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${figures.join('  ')}`;
    const columns = this.#output.columns ?? 80;
    redraw(this.#output, text.length < columns ? text : `${text.slice(0, columns - 2)}…`);
    this.#drawn = true;
  }

  /** Shows how files are read: a phase that begins with the first one. */
  reading(what: string): (read: { readonly done: number; readonly total: number; readonly name: string }) => void {
    let isBegun = false;
    return ({ done, total, name }) => {
      if (!isBegun) this.phase(what, total);
      isBegun = true;
      this.update(done, name);
    };
  }

  /** Prints a line that stays, above the bar. */
  line(text: string): void {
    this.clear();
    this.#output.write(`${text}\n`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawn) redraw(this.#output, '');
    this.#drawn = false;
  }

  #timing(done: number, rate: number): string[] {
    if (rate <= 0) return [];
    const pace = rate >= 1 ? `${rate.toFixed(1)}/s` : `${(1 / rate).toFixed(1)} s each`;
    return done >= this.#total ? [pace] : [pace, `${clock((this.#total - done) / rate)} left`];
  }
}

/** Between two readings of `performance.now()`. */
export function seconds(from: number, to: number = performance.now()): number {
  return (to - from) / 1000;
}

/** 75 s as `1:15`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
