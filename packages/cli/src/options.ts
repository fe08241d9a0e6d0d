/** Values of options: text to numbers, with errors that name the option. */
import { InvalidArgumentError } from 'commander';

export function integer(low: number, high: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    const range =
      high === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`;
    throw new InvalidArgumentError(`Give ${range}.`);
  };
}

/** Between 0 and 1, both excluded. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Give a number between 0 and 1.');
}

/** `full`, `minmax` or `LOW,HIGH`. */
export function range(text: string): 'full' | 'minmax' | readonly [number, number] {
  if (text === 'full' || text === 'minmax') return text;
  const match = /^(\d+),(\d+)$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && low < high && high <= 65535) return [low, high];
  throw new InvalidArgumentError('Give full, minmax, or two whole numbers LOW,HIGH up to 65535.');
}

/** Collects `NAME=INTEGER`, for an option that is given several times. */
export function definition(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const match = /^(\w+)=(-?\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give NAME=INTEGER.');
  return { ...before, [match[1] as string]: Number(match[2]) };
}
