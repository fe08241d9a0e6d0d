/**
 * JSON that keeps every number. JSON has no NaN, no infinities and no negative zero, and `JSON.stringify` writes null
 * or 0 for them, so that what is read back is another value, or compares as 0. Here they are the texts "NaN",
 * "Infinity", "-Infinity", "-0", which people and other languages read too; a text that looks like one of these gets a
 * "~" in front.
 */
const TEXTS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);
const LOOKS_LIKE_ONE = /^~*(?:NaN|-?Infinity|-0)$/;

/** As `JSON.stringify`, but for numbers that JSON does not have. */
export function writeJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === 'number') {
        if (Object.is(item, -0)) return '-0';
        return Number.isFinite(item) ? item : String(item);
      }
      return typeof item === 'string' && LOOKS_LIKE_ONE.test(item) ? `~${item}` : item;
    },
    indent,
  );
}

/** What {@link writeJson} wrote, to the bit. @throws SyntaxError as `JSON.parse`. */
export function readJson(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== 'string' || !LOOKS_LIKE_ONE.test(item)) return item;
    return TEXTS.get(item) ?? item.slice(1);
  });
}

/** Figures as older versions wrote them, which lost in null what was not a finite number. */
export function withoutNull<T extends Readonly<Record<string, number | null>>>(figures: T): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, value ?? Number.NaN]));
}
