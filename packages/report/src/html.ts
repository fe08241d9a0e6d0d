/**
 * Text from the caller into HTML, safely. Everything the caller gives goes through {@link escapeHtml} or
 * {@link embedJson}.
 */
import { reportError } from './errors.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters and halves of surrogate pairs have no place in a document.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/gu;

/** For text between tags and for attribute values in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * JSON for the inside of a `<script type="application/json">`: no `<`, so that neither `</script>` nor `<!--` can end
 * or change it.
 *
 * @throws InfnetError `REPORT_DATA` for what JSON cannot hold: cycles, bigints.
 */
export function embedJson(value: unknown, where: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value, (_key, item: unknown) =>
      ArrayBuffer.isView(item) && !(item instanceof DataView)
        ? Array.from(item as unknown as ArrayLike<unknown>)
        : item,
    );
  } catch (cause) {
    throw reportError(
      'REPORT_DATA',
      `the data cannot be written as JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      where,
      'Give plain objects, arrays, texts, numbers and booleans, without cycles or bigints.',
      undefined,
      cause,
    );
  }
  return (json ?? 'null').replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Numbers each prefix, so that ids are unique in the page and the same in every rendering. */
export class Ids {
  readonly #used = new Map<string, number>();

  next(prefix: string): string {
    const count = (this.#used.get(prefix) ?? 0) + 1;
    this.#used.set(prefix, count);
    return `${prefix}-${count}`;
  }
}

/** Where a block stands: its place in the report for errors, and the page's ids. */
export interface Place {
  readonly where: string;
  readonly ids: Ids;
}
