/** Values that protocols 0 and 1 write as a line of text. */
import { latin1 } from '../bytes/text.js';
import { checkpointError, corrupt, quote } from '../errors.js';

/** Digits of the longest integer that is read; more than any checkpoint has, and the cost grows with the square. */
const MAX_DIGITS = 620;

/** `INT` and `LONG`: decimal, with an L behind or not. `INT` also has the bools `00` and `01`. */
export function decodeDecimal(line: string): number | bigint | boolean {
  if (line === '00') return false;
  if (line === '01') return true;
  const digits = line.trim().replace(/L$/, '');
  if (digits.length > MAX_DIGITS) {
    throw checkpointError(
      'CHECKPOINT_LIMIT',
      `The pickle in the file has an integer of ${digits.length} digits; at most ${MAX_DIGITS} are read.`,
      'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    );
  }
  if (!/^[+-]?\d{1,620}$/.test(digits)) throw corrupt(`The pickle in the file has ${quote(line)} as an integer.`);
  const value = BigInt(digits.replace(/^\+/, ''));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `FLOAT`: as Python's repr writes it. */
export function decodeFloat(line: string): number {
  const text = line.trim();
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = Number(text);
  if (text === '' || text.length > 400 || !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text) || Number.isNaN(value)) {
    throw corrupt(`The pickle in the file has ${quote(line)} as a number.`);
  }
  return value;
}

/** `UNICODE`: Latin-1 with `\uXXXX` and `\UXXXXXXXX` for the rest ("raw-unicode-escape"). */
export function decodeRawUnicode(line: Uint8Array): string {
  return latin1(line).replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? '', 16);
    if (short !== undefined) return String.fromCharCode(code);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** `STRING`: a literal of Python 2, in quotes and with escapes. */
export function decodeQuoted(line: Uint8Array): string {
  const text = latin1(line).trim();
  const quoteMark = text.charAt(0);
  if (text.length < 2 || !(quoteMark === "'" || quoteMark === '"') || !text.endsWith(quoteMark)) {
    throw corrupt(`The pickle in the file has ${quote(text)} as a string.`);
  }
  const escapes = /\\(x[\da-f]{2}|[0-7]{1,3}|.)/gi;
  return text.slice(1, -1).replace(escapes, (all, code: string) => {
    if (code.length === 3 && code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
    return ESCAPES[code] ?? all;
  });
}
