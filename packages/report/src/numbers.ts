/** Numbers as people read them: few digits, a real minus sign, powers of ten as powers. */

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  '-': '⁻',
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
};
const PREFIXES: readonly string[] = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const NARROW_SPACE = '\u202f';

/** `value` rounded to `digits` significant digits, without trailing zeros: 0.4213, 12 000 000, 3.2·10⁻⁶. */
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

/** `value` with exactly `decimals` decimals, thousands apart from 10 000 on. */
export function fixed(value: number, decimals: number): string {
  const [whole, fraction] = minus(value.toFixed(decimals)).split('.');
  const digits = whole!.replace('−', '').length;
  const grouped = digits > 4 ? whole!.replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE) : whole!;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** mantissa·10ⁿ; a mantissa of 1 is left out. */
export function power(mantissa: string, exponent: number): string {
  const raised = `10${String(exponent).replace(/[-\d]/g, (character) => SUPERSCRIPTS[character]!)}`;
  return mantissa === '1' ? raised : `${mantissa}·${raised}`;
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
