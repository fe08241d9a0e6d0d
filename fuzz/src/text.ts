/** Changes of texts, and of JSON as a value. */
import { EDGES, FLOOD } from './bytes.js';
import type { Random } from './random.js';

/** A few places changed: words of the format put in, parts doubled or taken out, characters that nobody expects. */
export function mutateText(text: string, random: Random, words: readonly string[]): string {
  let out = text;
  for (let n = 1 + random.below(3); n > 0; n--) {
    const at = random.below(out.length + 1);
    const end = Math.min(out.length, at + random.below(30));
    const put = [
      random.pick(words),
      out.slice(at, end).repeat(2),
      '',
      String.fromCharCode(random.pick([0, 9, 10, 27, 127, 0x202e, 0xd800, 0xe9])),
      String(random.pick(EDGES)),
      '9'.repeat(random.pick([5, 40, 400])),
    ];
    out = out.slice(0, at) + random.pick(put) + out.slice(random.isOneIn(2) ? end : at);
  }
  return out;
}

/** Another value: of another type somewhere, with more or fewer entries, nested, or long. */
export function mutateJson(value: unknown, random: Random): unknown {
  if (random.isOneIn(4)) return strange(value, random);
  if (Array.isArray(value) && value.length > 0) {
    const at = random.below(value.length);
    const changed = value.map((item, n) => (n === at ? mutateJson(item, random) : item));
    return random.isOneIn(5) ? [...changed, ...changed] : changed;
  }
  if (typeof value !== 'object' || value === null) return strange(value, random);
  const entries = Object.entries(value);
  if (entries.length === 0) return strange(value, random);
  const at = random.below(entries.length);
  if (random.isOneIn(8)) return Object.fromEntries(entries.filter((_, n) => n !== at));
  return Object.fromEntries(entries.map(([key, item], n) => [key, n === at ? mutateJson(item, random) : item]));
}

function strange(value: unknown, random: Random): unknown {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return random.pick([-1, 0.5, 1e300, 2 ** 53, ...EDGES]);
    case 2:
      return random.pick(['', 'NaN', '~NaN', '-Infinity', '__proto__', '\u001b]0;x\u0007', 'x'.repeat(300)]);
    case 3:
      return random.pick([true, false]);
    case 4:
      return [value];
    case 5:
      return { '': value, __proto__: 1, constructor: 2 };
    case 6:
      return new Array(random.isOneIn(FLOOD) ? 50_000 : random.below(5)).fill(random.pick([{}, [], 0, 'a']));
    case 7:
      return nested(random.isOneIn(FLOOD) ? 3000 : random.below(20));
    default:
      return {};
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}
