/**
 * JSON documents for other programs. JSON has no NaN and no infinities, and `JSON.stringify` writes null for all three,
 * so that a score that is not defined and a distance that is infinite read alike, and like a value that was never asked
 * for. Here they are the texts "NaN", "Infinity" and "-Infinity", as in the CSV files; Python's `float` and
 * JavaScript's `Number` take them. null means that there is none.
 */
import { type Io, say } from './io.js';

export function documentJson(value: unknown, indent = 2): string {
  const spelled = (_key: string, item: unknown): unknown =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item;
  return JSON.stringify(value, spelled, indent);
}

/** The one document of `--json`. */
export function sayJson({ stdout }: Pick<Io, 'stdout'>, document: unknown): void {
  say(stdout, documentJson(document));
}
