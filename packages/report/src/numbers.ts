/** Numbers as people read them: few digits, a real minus sign, thousands apart. */

const PREFIXES: readonly string[] = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const NARROW_SPACE = '\u202f';

/** `value` rounded to `digits` significant digits, without trailing zeros: 0.4213, 12 000 000, 3.2e-6. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (Number.isInteger(value) && size < 1e15) return fixed(value, 0);
  if (size >= 1e-4 && size < 1e6) {
    const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    return trim(fixed(value, Math.min(decimals, 20)));
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  return power(trim(minus(mantissa!)), Number(exponent));
}

/**
 * Texts of {@link formatNumber} below each other, all with as many decimals; whole numbers of two digits and more stay.
 */
export function alignDecimals(texts: readonly string[]): string[] {
  const fraction = (text: string) => /^−?\d[\d\u202f]*(?:\.(\d+))?$/.exec(text)?.[1]?.length;
  const longest = Math.max(0, ...texts.map((text) => fraction(text) ?? 0));
  return texts.map((text) => {
    const decimals = fraction(text) ?? (/^−?\d$/.test(text) ? 0 : undefined);
    if (longest === 0 || decimals === undefined) return text;
    return `${text}${decimals === 0 ? '.' : ''}${'0'.repeat(longest - decimals)}`;
  });
}

/** `value` with exactly `decimals` decimals, thousands apart from 10 000 on. */
export function fixed(value: number, decimals: number): string {
  const [whole, fraction] = minus(value.toFixed(decimals)).split('.');
  const digits = whole!.replace('−', '').length;
  const grouped = digits > 4 ? whole!.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE) : whole!;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** 3.2e-6. Not 10⁻⁶: where a font lacks the small minus sign, nothing stands there, and the value is another. */
export function power(mantissa: string, exponent: number): string {
  return `${mantissa}e${exponent}`;
}

/** With a prefix of the SI: `si(2.4e11, 'FLOP/s')` is `240 GFLOP/s`. */
export function si(value: number, unit: string, digits = 3): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 1) return `${formatNumber(value, digits)} ${unit}`.trim();
  // Rounded first: 999.96 k is 1 M.
  const rounded = Number(value.toPrecision(digits));
  const step = Math.min(PREFIXES.length - 1, Math.floor(Math.log10(Math.abs(rounded)) / 3 + 1e-9));
  return `${formatNumber(rounded / 1000 ** step, digits)} ${PREFIXES[step]}${unit}`.trim();
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function minus(text: string): string {
  const signed = text.replace('-', '−');
  return /[1-9]/.test(signed) ? signed : signed.replace('−', '');
}
