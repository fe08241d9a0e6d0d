import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/index.js';

const one = (field: string): string => toCsv([[field]]).slice(0, -1);

describe('a table as CSV', () => {
  it('quotes commas, quotes and every kind of line break', () => {
    expect(toCsv([['a', 'b,c', 'd"e', 'f\rg', 'h\ni', '']], '\r\n')).toBe('a,"b,c","d""e","f\rg","h\ni",\r\n');
  });

  it.each(['=1+1', '+1+1', '-1+1', '@SUM(A1)', '=HYPERLINK("http://x")', '\tx', '\rx', '\nx', ' =1', '＝1', '-a.png'])(
    'has no cell that a spreadsheet computes: %j',
    (field) => expect(one(field).replace(/^"/, '')).toMatch(/^'/),
  );

  it('nor one behind what some spreadsheets take for a separator', () => {
    expect(one('a;=1+1')).toBe("a;'=1+1");
    expect(one('a\t@x')).toBe("a\t'@x");
    expect(one('a\n-cmd')).toBe('"a\n\'-cmd"');
  });

  it.each(['-0.5', '+3', '-1e-7', '.5', '-.5', '1.', '-Infinity', 'NaN', '-1350 to 150', '-1100 to -300'])(
    'leaves numbers as they are: %s',
    (field) => expect(one(field)).toBe(field),
  );

  it.each(['1;-2', '1-2', 'a=b', "it's", '-', '+'])('and leaves text readable: %s', (field) => {
    expect(one(field).replaceAll("'", '')).toBe(field.replaceAll("'", ''));
  });
});
