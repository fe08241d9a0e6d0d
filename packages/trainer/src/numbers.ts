/** Numbers among options: each in its range, or a line that says which is not. NaN is in no range. */

/** The largest and the smallest positive number that a device computes with (float32, no subnormals). */
export const LARGEST = 3.4028234e38;
export const SMALLEST: number = 2 ** -126;

export interface NumberRange {
  readonly value: number;
  readonly least: number;
  /** Default: none for whole numbers, else what a float32 holds. */
  readonly most?: number;
  /** Default false. */
  readonly whole?: boolean;
  /** Infinity means something here: never, all, any. Default false. */
  readonly endless?: boolean;
}

/** Seeds: what the random numbers take without two seeds becoming the same. */
export function seedRange(value: number): NumberRange {
  return { value, least: 0, most: 2 ** 32 - 1, whole: true };
}

/** A line for every number that lies outside its range, ends included. */
export function numberProblems(ranges: Readonly<Record<string, NumberRange>>): string[] {
  return Object.entries(ranges).flatMap(([name, range]) => (isInside(range) ? [] : [`${name} is ${told(range)}`]));
}

function isInside({ value, least, most, whole = false, endless = false }: NumberRange): boolean {
  if (endless && value === Infinity) return true;
  if (typeof value !== 'number' || !(value >= least)) return false;
  return whole ? Number.isSafeInteger(value) && value <= (most ?? Infinity) : value <= (most ?? LARGEST);
}

function told({ value, least, most, whole = false, endless = false }: NumberRange): string {
  const kind = whole ? 'a whole number' : 'a finite number';
  const low = least === SMALLEST ? 'above 0' : `of at least ${least}`;
  const upper = most === undefined ? '' : ` and at most ${most}`;
  return `${value}, ${kind} ${low}${upper}${endless ? ', or Infinity,' : ''} is needed`;
}
