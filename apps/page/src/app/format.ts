/** Figures and names for people. */
import { printable } from '@infnet/core';

/** A name from outside in a line: what hides in it is shown as an escape, and a long one is cut in its middle. */
export function nameText(name: string): string {
  return printable(name, 80);
}

/** None and all are said only where it is none or all. */
export function percent(fraction: number): string {
  if (fraction > 0 && fraction < 0.00005) return '< 0.01 %';
  if (fraction < 1 && fraction >= 0.9995) return '> 99.9 %';
  return `${(100 * fraction).toFixed(fraction < 0.09995 ? 2 : 1)} %`;
}

export function duration(seconds: number): string {
  if (seconds < 0.00995) return `${(1000 * seconds).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${(1000 * seconds).toFixed(0)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  // Rounded first: there is no minute of 60 seconds.
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(count: number): string {
  if (count < 999_500) return `${(count / 1e3).toFixed(count < 9950 ? 1 : 0)} kB`;
  if (count < 999_500_000) return `${(count / 1e6).toFixed(count < 9_950_000 ? 1 : 0)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

export function whole(count: number): string {
  return count.toLocaleString('en');
}

/** 1234567 as 1.23 M. */
export function short(count: number): string {
  for (const [limit, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    // What rounds to 1000 belongs to the next unit.
    if (count >= 0.9995 * limit) return `${(count / limit).toPrecision(3)} ${unit}`;
  }
  return count.toPrecision(3);
}

/** The first names of a list, and how many more there are. */
export function listed(all: readonly string[], most = 3): string {
  const names = all.map((name) => printable(name));
  if (names.length <= most + 1)
    return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
