/** Names of files that a terminal would obey and a spreadsheet would compute: nothing that is written does either. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { encodePng } from '@infnet/data';
import { describe, expect, it } from 'vitest';
import { infnet, temporaryFolder } from './support.js';

const NAMES = [
  'red\x1b[31m',
  'title\x1b]0;owned\x07',
  'c1\x9b2J',
  'turned\u202egnp',
  'two\nlines\r\tand a tab',
  '=HYPERLINK(1)',
  '+1+1',
  '-cmd',
  '@sum',
];
/** What a terminal obeys, and line breaks that are no ends of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

describe.skipIf(process.platform === 'win32')('hostile names', () => {
  const folder = temporaryFolder();
  const [pred, gt, out] = ['pred', 'gt', 'out'].map((name) => join(folder, name)) as [string, string, string];
  const mask = encodePng({
    width: 70,
    height: 70,
    channels: 1,
    data: Uint8Array.from({ length: 4900 }, (_, i) => (i % 70 < 30 ? 255 : 0)),
  });
  for (const name of [pred, gt]) mkdirSync(name);
  for (const [i, name] of NAMES.entries()) {
    writeFileSync(join(gt, `${name}.png`), mask);
    // Every third one cannot be read, or is missing.
    if (i % 3 === 1) writeFileSync(join(pred, `${name}.png`), 'no picture');
    else if (i % 3 === 0 || i === 8) writeFileSync(join(pred, `${name}.png`), mask);
  }

  it('are escaped on the terminal, each in its line, and are what they were in JSON', async () => {
    const args = ['evaluate', '--pred', pred, '--gt', gt, '--out', out];
    const { code, stdout, stderr } = await infnet(args);
    expect(code, stderr).toBe(1);
    expect(stdout).not.toMatch(OBEYED);
    expect(stderr).not.toMatch(OBEYED);
    expect(stderr).toContain('title\\u001b]0;owned\\u0007');
    expect(stderr).toContain('two\\nlines\\r\\tand a tab');
    const json = await infnet([...args, '--json']);
    expect(json.stdout).not.toMatch(OBEYED);
    const { errors } = JSON.parse(json.stdout) as { readonly errors: readonly { readonly file: string }[] };
    expect(errors.map(({ file }) => file)).toContain(join(pred, `${NAMES[1]}.png`));
  });

  it('are no formulas in a table', () => {
    const table = readFileSync(join(out, 'scores.csv'), 'utf8');
    const cells = table.split(/\r?\n/).flatMap((line) => line.split(','));
    for (const cell of cells) {
      if (/^"?[=+@\t\r-]/.test(cell)) expect(Number.isFinite(Number(cell.replaceAll('"', ''))), cell).toBe(true);
    }
    expect(table).toContain("'+1+1");
  });

  it('are escaped where they are not there, or wrong options', async () => {
    for (const args of [
      ['segment', join(folder, NAMES[0] as string), '--weights', 'w', '--out', out],
      ['evaluate', '--pred', join(folder, NAMES[4] as string), '--gt', gt],
      ['train', '--data', join(folder, NAMES[3] as string), '--out', join(folder, NAMES[1] as string)],
      ['segment', `--${NAMES[2]}`],
      ['train', '--loss', NAMES[0] as string],
    ]) {
      const { code, stderr } = await infnet(args);
      expect(code).toBe(2);
      expect(stderr, JSON.stringify(args)).not.toMatch(OBEYED);
    }
  });
});
