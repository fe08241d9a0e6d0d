import { describe, expect, it } from 'vitest';
import { escapeControls, InfnetError, plainMessage, printable } from '../src/index.js';

const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['an escape sequence', '\x1b[31mred', '\\u001b[31mred'],
  ['a title (OSC) and its end', '\x1b]0;owned\x07', '\\u001b]0;owned\\u0007'],
  ['a C1 control', 'a\x9b2Jb', 'a\\u009b2Jb'],
  ['a delete', 'a\x7f', 'a\\u007f'],
  ['direction marks', 'a\u202egnp.exe\u2066', 'a\\u202egnp.exe\\u2066'],
  ['invisible letters', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
  ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['half a pair', 'a\ud800b', 'a\\ud800b'],
];

describe.each(HOSTILE)('%s', (_name, text, shown) => {
  it('is shown as an escape, in names, in texts and in errors', () => {
    expect(printable(text)).toBe(shown);
    expect(escapeControls(text)).toBe(shown);
    const error = new InfnetError({ code: 'A_CODE', message: `It is ${text}.`, where: text, fix: `No ${text}.` });
    expect(error.message).toBe(`[A_CODE] It is ${shown}. (at ${shown})\n  Fix: No ${shown}.`);
    expect(plainMessage(error)).toBe(`It is ${shown}.`);
  });
});

it('line breaks and tabs are escaped in names, and lay out texts', () => {
  expect(printable('a\nb\r\tc')).toBe('a\\nb\\r\\tc');
  expect(escapeControls('a\n  b\tc\r')).toBe('a\n  b\tc\\r');
});

it('letters of all languages stay, whole pairs too', () => {
  const text = 'Müller صورة 肺 \u{1f600}';
  expect(printable(text)).toBe(text);
  expect(escapeControls(text)).toBe(text);
});

it('long names are cut in their middle', () => {
  expect(printable(`${'a'.repeat(500)}.png`, 20)).toBe('aaaaaaaaaa...aaaaaa.png');
});

it('escapes are those of JSON', () => {
  const text = '\x1b\x9b\u202e\u{f0000}';
  expect(JSON.parse(`"${printable(text)}"`)).toBe(text);
});
