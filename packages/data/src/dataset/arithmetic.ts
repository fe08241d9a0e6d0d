/**
 * Functions that `Math` leaves to the platform's taste (`Math.tan`, `Math.pow` may differ in the last bit between
 * engines), from + - * / alone, which IEEE 754 fixes to the bit. Accurate to 1e-12 over the ranges that are named.
 */

/** x^y for x in (0, 1] or 0, and y > 0: exp(y log x). */
export function power(x: number, y: number): number {
  return x <= 0 ? 0 : exponential(y * logarithm(x));
}

/** tan of an angle in degrees, -60..60: the quotient of two Taylor series. */
export function tangent(degrees: number): number {
  const x = (degrees * Math.PI) / 180;
  let sine = 0;
  let cosine = 0;
  for (let n = 0, term = 1; n < 26; n++) {
    const sign = n % 4 < 2 ? 1 : -1;
    if (n % 2 === 0) cosine += sign * term;
    else sine += sign * term;
    term = (term * x) / (n + 1);
  }
  return sine / cosine;
}

/** log x for x in (0, 1]: halvings counted out exactly, then 2 atanh((m - 1) / (m + 1)) for m in (1/2, 1]. */
function logarithm(x: number): number {
  let m = x;
  let halvings = 0;
  for (; m <= 0.5; m *= 2) halvings++;
  const t = (m - 1) / (m + 1);
  let sum = 0;
  for (let n = 0, term = t; n < 18; n++) {
    sum += term / (2 * n + 1);
    term = term * t * t;
  }
  return 2 * sum - halvings * Math.LN2;
}

/** e^x for x in -30..0: the series for x / 1024, squared ten times. */
function exponential(x: number): number {
  const small = x / 1024;
  let sum = 1;
  for (let n = 1, term = 1; n < 10; n++) {
    term = (term * small) / n;
    sum += term;
  }
  for (let i = 0; i < 10; i++) sum *= sum;
  return sum;
}
