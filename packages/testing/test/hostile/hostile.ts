/** Numbers that are none, or that no size can be, put in the place of every number of a value. */
export const HOSTILE: readonly number[] = [Number.NaN, Infinity, -Infinity, -1, 0, 0.5];

/** Every number in `value`, at any depth, replaced: where, by what, and the whole with it. */
export function* replaced(
  value: unknown,
  path = '',
): Generator<{ readonly path: string; readonly number: number; readonly whole: unknown }> {
  if (typeof value === 'number') {
    for (const number of HOSTILE) if (number !== value) yield { path, number, whole: number };
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, own] of Object.entries(value)) {
      for (const inner of replaced(own, `${path}.${key}`)) {
        const copy = Array.isArray(value) ? [...value] : { ...value };
        (copy as Record<string, unknown>)[key] = inner.whole;
        yield { ...inner, whole: copy };
      }
    }
  }
}
