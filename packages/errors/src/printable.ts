/**
 * Text from outside (names of files, texts in their headers) as it may stand in a message, on a terminal and in a page:
 * a terminal obeys control characters, and direction marks and invisible ones make a name look like another.
 *
 * Escapes are those of JSON, so that a JSON document stays the same document.
 */

/** Controls, format characters (direction, invisible), private ones, halves of pairs, and line separators. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same without what a text of several lines is laid out with. */
const HIDDEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `\u001b` for an escape character, and so on; line feeds and tabs stay. */
export function escapeControls(text: string): string {
  return text.replace(HIDDEN_IN_LINES, escaped);
}

/** The same for a name, which is one line. @param most characters; longer ones are cut in their middle */
export function printable(text: string, most = 200): string {
  const short = text.length <= most ? text : `${text.slice(0, Math.ceil(most / 2))}...${text.slice(-most / 2)}`;
  return short.replace(HIDDEN, escaped);
}

function escaped(character: string): string {
  const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return known[character] ?? units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
