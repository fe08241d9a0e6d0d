/** What a number field takes from what was typed. */

export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  /** Values are multiples of it; `any`: all of them. */
  readonly step: number | 'any';
}

/**
 * The value within the limits that is nearest to the one typed, and a multiple of the step: what the field then shows
 * is what counts. `before` where nothing, or no number, was typed.
 */
export function settledNumber(typed: number, before: number, { min, max, step }: NumberLimits): number {
  if (Number.isNaN(typed)) return before;
  const within = Math.min(max, Math.max(min, typed));
  if (step === 'any') return within;
  const multiple = Math.round(within / step) * step;
  if (multiple < min) return Math.ceil(min / step) * step;
  return multiple > max ? Math.floor(max / step) * step : multiple;
}
