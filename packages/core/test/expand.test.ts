import { describe, expect, it } from 'vitest';
import { namesOfConstants } from '../src/kernel/expand.js';
import { expandSource } from '../src/kernels.js';

describe('expandSource', () => {
  it('unrolls loops, nested ones too', () => {
    const source = ['#for i in 0..2', 'a$(i)', '#for j in i..2', '  b$(i)_$(j * 10 + 1)', '#end', '#end'].join('\n');
    expect(expandSource(source, {})).toBe(['a0', '  b0_1', '  b0_11', 'a1', '  b1_11'].join('\n'));
  });

  it('keeps the first branch whose condition holds', () => {
    const source = '#if A == 1\none\n#elif A > 1 && !B\nmany\n#else\nnone\n#end';
    expect(expandSource(source, { A: 1, B: 0 })).toBe('one');
    expect(expandSource(source, { A: 3, B: 0 })).toBe('many');
    expect(expandSource(source, { A: 3, B: 1 })).toBe('none');
  });

  it('names values for the lines below; a loop has its own in every turn', () => {
    const source =
      '#let A = N / 2\n$(A)\n#for i in 0..2\n#let A = A + i\n$(A)\n#end\n$(A)\n#if A == 2\n#let B = 7\n#end\n$(B)';
    expect(expandSource(source, { N: 5 })).toBe('2\n2\n3\n2\n7');
  });

  it('lets a name that it makes replace the default of a piece', () => {
    expect(expandSource('#let LANES = 32\n#default LANES 64\n$(LANES)', {})).toBe('32');
    expect(expandSource('#default LANES 64\n$(LANES)', {})).toBe('64');
  });

  it('does not take a name that the text makes for a constant that calls may give', () => {
    expect([...namesOfConstants('#default LANES 64\n#let ROWS = TILE / 8\n#let LANES = 32\n$(ROWS + LANES)')]).toEqual([
      'TILE',
    ]);
  });

  it('does not look into a branch that is not taken', () => {
    expect(expandSource('#if 0\n$(UNKNOWN)\n#for i in 0..UNKNOWN\n#end\n#end\nrest', {})).toBe('rest');
  });

  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['7 % 4', 3],
    ['min(N, 3) + max(N, 3)', 8],
    ['N >= 5 || 0', 1],
    ['!(N == 5)', 0],
  ])('evaluates %s', (text, value) => {
    expect(expandSource(`$(${text})`, { N: 5 })).toBe(String(value));
  });

  it.each([
    ['$(N', 'without ")"'],
    ['$(M)', 'unknown name "M"'],
    ['$(1 +)', 'unexpected end'],
    ['$(1 2)', 'unexpected "2"'],
    ['$(1 ^ 2)', 'unexpected character'],
    ['#for i 0..3\n#end', 'expected "#for NAME in FROM..TO"'],
    ['#for i in 0..3', 'directive without #end'],
    ['#if 1\na', 'directive without #end'],
    ['a\n#end', 'closes nothing'],
    ['#let A 1', 'expected "#let NAME = EXPRESSION"'],
    ['#let A = B', 'unknown name "B"'],
  ])('refuses %j and says where', (source, message) => {
    expect(() => expandSource(source, { N: 1 }, 'kernel k')).toThrow(message);
    expect(() => expandSource(source, { N: 1 }, 'kernel k')).toThrow(/KERNEL_EXPANSION.*\(at kernel k/s);
  });
});
