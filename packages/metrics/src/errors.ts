/**
 * The failures of this package. Every code starts with `METRICS_`:
 *
 * | code | when |
 * |---|---|
 * | `METRICS_SIZE` | lengths, extents or shapes that do not fit each other |
 * | `METRICS_MAP_VALUE` | a map with NaN, Infinity, or a value outside 0..1 |
 * | `METRICS_MASK_VALUE` | a mask that is neither 0/1 nor 8-bit grey with something above 128 |
 * | `METRICS_THRESHOLDS` | thresholds that are not finite and descending, or none |
 * | `METRICS_OPTION` | another option out of its range |
 * | `METRICS_SPACING` | a voxel spacing that is not positive, too large or small to compute with, or does not fit the shape |
 * | `METRICS_EMPTY_SET` | a set without images, a table without rows |
 * | `METRICS_MIXED_SETTINGS` | scores of one set that were made with different options |
 */
import { InfnetError } from '@infnet/errors';

export function fail(
  code: string,
  message: string,
  where: string,
  fix: string,
  details: Readonly<Record<string, unknown>> = {},
): never {
  throw new InfnetError({ code, message, where, fix, details });
}

/** Throws `METRICS_OPTION` unless `value` is a finite number in `low..high`. */
export function requireRange(value: number, low: number, high: number, name: string, where: string): void {
  // null and texts compare as numbers, but are none.
  if (typeof value === 'number' && value >= low && value <= high) return;
  fail('METRICS_OPTION', `${name} is ${value}, outside ${low}..${high}.`, where, `Pass ${name} in ${low}..${high}.`);
}

/** Throws `METRICS_OPTION` unless `value` is an integer in `low..high`. */
export function requireInteger(value: number, low: number, high: number, name: string, where: string): void {
  if (Number.isInteger(value)) requireRange(value, low, high, name, where);
  else fail('METRICS_OPTION', `${name} is ${value}, not an integer.`, where, `Pass an integer in ${low}..${high}.`);
}
