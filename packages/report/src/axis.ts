/** Axes: which interval they show, where their ticks are, and where a value lies on them. */
import { fixed, formatNumber, power } from './numbers.js';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly scale: 'linear' | 'log';
  readonly ticks: readonly Tick[];
  /** 0 at `min`, 1 at `max`; beyond them for values outside. */
  position(value: number): number;
}

export interface AxisOptions {
  readonly scale?: 'linear' | 'log';
  readonly min?: number;
  readonly max?: number;
  /** About how many ticks. */
  readonly count: number;
  /** Move free ends outwards to round numbers. */
  readonly nice: boolean;
  /** Ticks at whole numbers alone: epochs, steps. */
  readonly whole?: boolean;
  /** Label of a tick; default is the number. */
  readonly format?: (value: number) => string;
}

/** Beyond this, differences of doubles overflow. */
export const LARGEST = 1e300;

/** Whether a value has a place on an axis of this scale. */
export function drawable(value: number, scale: 'linear' | 'log' = 'linear'): boolean {
  return Math.abs(value) <= LARGEST && (scale === 'linear' || value > 1 / LARGEST);
}

/** An axis for drawable `values`. */
export function makeAxis(values: Iterable<number>, options: AxisOptions): Axis {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return options.scale === 'log' ? logAxis(low, high, options) : linearAxis(low, high, options);
}

/** 1, 2 or 5 times a power of ten, not below `rough`. */
export function niceStep(rough: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * magnitude >= rough * (1 - 1e-9)) ?? 10;
  return factor * magnitude;
}

/** Round numbers in `min`..`max`, at most about `count` steps of them, all with the same decimals. */
export function linearTicks(
  min: number,
  max: number,
  count: number,
  format?: (value: number) => string,
  whole = false,
): Tick[] {
  const step = Math.max(whole ? 1 : 0, niceStep((max - min) / count));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const plain = decimals <= 6 && Math.max(Math.abs(min), Math.abs(max)) < 1e7;
  const ticks: Tick[] = [];
  const last = Math.floor(max / step + 1e-6);
  for (let i = Math.ceil(min / step - 1e-6); i <= last && ticks.length <= 4 * count; i++) {
    const value = Number((i * step).toPrecision(12));
    ticks.push({ value, label: format?.(value) ?? (plain ? fixed(value, decimals) : formatNumber(value, 6)) });
  }
  return ticks;
}

function linearAxis(low: number, high: number, options: AxisOptions): Axis {
  let min = options.min ?? (low <= high ? low : Math.min(0, options.max ?? 0));
  let max = options.max ?? (low <= high ? high : min + 1);
  // Curves that come near zero show it; others use the room for their shape.
  if (options.nice && options.min === undefined && min > 0 && min < 0.4 * max) min = 0;
  // Also when the values differ by rounding alone, where no tick would be told from the next.
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (!(max - min > Math.max(1e-9 * size, 1 / LARGEST))) {
    const room = size > 1e10 / LARGEST ? 0.1 * size : 1;
    const middle = max;
    if (options.max === undefined) max = Math.max(min, middle) + room;
    if (options.min === undefined) min = Math.min(min, middle) - room;
  }
  if (options.nice) {
    const step = niceStep((max - min) / options.count);
    if (options.min === undefined) min = Number((Math.floor(min / step + 1e-6) * step).toPrecision(12));
    if (options.max === undefined) max = Number((Math.ceil(max / step - 1e-6) * step).toPrecision(12));
  }
  const ticks = linearTicks(min, max, options.count, options.format, options.whole);
  return { min, max, scale: 'linear', ticks, position: (value) => (value - min) / (max - min) };
}

function logAxis(low: number, high: number, options: AxisOptions): Axis {
  const known = low <= high;
  let from = Math.log10(options.min ?? (known ? low : (options.max ?? 10) / 10));
  let to = Math.log10(options.max ?? (known ? high : 10 ** from * 10));
  if (!(to - from > 1e-9)) {
    if (options.min === undefined) from = options.max === undefined ? from - 0.5 : to - 1;
    if (options.max === undefined) to = from + 1;
  } else if (options.nice) {
    const room = 0.04 * (to - from);
    if (options.min === undefined) from -= room;
    if (options.max === undefined) to += room;
  }
  return {
    min: 10 ** from,
    max: 10 ** to,
    scale: 'log',
    ticks: logTicks(from, to, options.count, options.format),
    position: (value) => (Math.log10(value) - from) / (to - from),
  };
}

/**
 * Powers of ten in 10^`from`..10^`to`; where these are few, 2 and 5 times them too, and where even these are few, round
 * numbers.
 */
export function logTicks(from: number, to: number, count: number, format?: (value: number) => string): Tick[] {
  const first = Math.ceil(from - 1e-9);
  const last = Math.floor(to + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / (count + 1)));
  const factors = last - first + 1 >= 3 ? [1] : [1, 2, 5];
  const ticks: Tick[] = [];
  for (let exponent = factors.length > 1 ? first - 1 : first; exponent <= last; exponent += stride) {
    for (const factor of factors) {
      const place = exponent + Math.log10(factor);
      if (place < from - 1e-9 || place > to + 1e-9) continue;
      const value = Number(`${factor}e${exponent}`);
      ticks.push({ value, label: format?.(value) ?? logLabel(factor, exponent, value) });
    }
  }
  return ticks.length >= 3 ? ticks : linearTicks(10 ** from, 10 ** to, count, format);
}

function logLabel(factor: number, exponent: number, value: number): string {
  return exponent >= -3 && exponent <= 4 ? formatNumber(value) : power(String(factor), exponent);
}
