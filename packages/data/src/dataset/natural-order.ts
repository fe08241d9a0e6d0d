/**
 * Names in the order a person expects: 2 before 10. Digit runs compare by value, the rest by code units; `7` stands
 * before `07`. Not `localeCompare`, because its order depends on the machine's language data.
 *
 * @returns negative, 0 (only for equal names), or positive
 */
export function compareNames(a: string, b: string): number {
  const as = a.match(/\d+|\D+/g) ?? [];
  const bs = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    const difference = compareRuns(as[i] as string, bs[i] as string);
    if (difference !== 0) return difference;
  }
  return as.length - bs.length || a.length - b.length || compareCodes(a, b);
}

function compareRuns(a: string, b: string): number {
  const [digits, others] = [/^\d/.test(a), /^\d/.test(b)];
  if (!digits || !others) return compareCodes(a, b);
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || compareCodes(x, y);
}

function compareCodes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
