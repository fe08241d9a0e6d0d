import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfnetError } from '@infnet/core';
import type { Provenance } from '@infnet/data';
import { classes, infection } from '@infnet/segmentation';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../src/commands/segment/inputs.js';
import { shares, summaryCsv } from '../src/commands/segment/summary.js';
import { reasonOf, renderError } from '../src/errors.js';
import type { Output } from '../src/io.js';
import { Progress } from '../src/progress.js';

function terminal(isTTY: boolean): { readonly shown: string[]; readonly output: Output } {
  const shown: string[] = [];
  return { shown, output: { isTTY, columns: 80, write: (text) => shown.push(text) } };
}

describe('progress', () => {
  it('on a terminal: a bar with name, rate and time left, drawn in place, that goes away', () => {
    let now = 0;
    const { shown, output } = terminal(true);
    const progress = new Progress(output, () => now);
    progress.phase('segmenting', 4);
    progress.update(0, 'a.png');
    now = 2000;
    progress.update(1, 'b.png');
    expect(shown[1]).toBe('\r\x1b[2Ksegmenting [######------------------] 1/4  b.png  2.0 s each  0:06 left');
    now = 2010;
    progress.update(2, 'c.png');
    expect(shown).toHaveLength(2);
    progress.line('a message');
    expect(shown.slice(2)).toEqual(['\r\x1b[2K', 'a message\n']);
  });

  it('elsewhere: a line now and then, and the last one', () => {
    let now = 0;
    const { shown, output } = terminal(false);
    const progress = new Progress(output, () => now);
    progress.phase('segmenting', 100);
    for (let i = 0; i <= 100; i++, now += 150) progress.update(i, `${i}.png`);
    const lines = shown;
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('segmenting: 0/100, 0.png\n');
    expect(lines[2]).toBe('segmenting: 100/100, 100.png, 6.7/s\n');
    expect(shown.join('')).not.toContain('\x1b');
  });
});

const made: Provenance = {
  version: '0.1.0',
  weights: 'w, 2.pth',
  weightsSha256: 'ab'.repeat(32),
  net: 'res2net50, width 1, 32 channels',
  size: 352,
  threshold: 0.25,
  precision: 'exact',
  adapter: 'SwiftShader',
  time: '2026-12-01T10:00:00.000Z',
};

describe('summary.csv', () => {
  it('quotes what must be quoted and leaves the time out when asked', () => {
    const picture = {
      file: 'a,b "c".png',
      stem: 'x',
      width: 2,
      height: 3,
      counts: [4, 2],
      seconds: 1.5,
      notes: [],
      provenance: made,
      outputs: [],
    };
    const failed = { file: 'z.png', code: 'DATA_X', message: 'two\n lines' };
    const reports = [{ picture }, { failed }];
    const columns =
      'infnet_version,weights,weights_sha256,trained_on,net,input_size,window,orientation,range,threshold,stretched,precision,adapter';
    const from = `0.1.0,"w, 2.pth",${'ab'.repeat(32)},,"res2net50, width 1, 32 channels",352,,,,0.25,,exact,SwiftShader`;
    const none = ','.repeat(12);
    expect(summaryCsv(reports, { classes: infection.classes, time: true })).toBe(
      `file,width,height,infected_pixels,infected_fraction,seconds,error,${columns},time\n"a,b ""c"".png",2,3,2,0.333333,1.500,,${from},${made.time}\nz.png,,,,,,DATA_X: two lines,${none},\n`,
    );
    expect(summaryCsv(reports, { classes: infection.classes, time: false })).toBe(
      `file,width,height,infected_pixels,infected_fraction,error,${columns}\n"a,b ""c"".png",2,3,2,0.333333,,${from}\nz.png,,,,,DATA_X: two lines,${none}\n`,
    );
  });
});

describe('shares', () => {
  const slice = { width: 20, height: 18 };
  const net = infection.net({ width: 0.125, channels: 8 });
  const infected = (
    logits: Float32Array,
    options: { readonly threshold: number; readonly stretch?: boolean },
  ): number => net.interpret(logits, slice, { size: 16, ...options }).labels.data.reduce((a, b) => a + b);

  it('a slice without infection stays dark; only --stretch stretches it', () => {
    const logits = Float32Array.from({ length: 16 * 16 }, (_, i) => -5 - (i % 7) / 10);
    expect(infected(logits, { threshold: 0.5 })).toBe(0);
    expect(infected(logits, { threshold: 0.5, stretch: true })).toBeGreaterThan(0);
  });

  it('the mask is where the probability is at least the threshold', () => {
    const logits = new Float32Array(16 * 16); // sigmoid 0.5 everywhere
    expect([0.5, 0.500001, 0.4].map((threshold) => infected(logits, { threshold }))).toEqual([360, 0, 360]);
  });

  it('tells every class but the background, with millilitres of a volume', () => {
    expect(shares(infection.classes, [30, 10], 40)).toBe('25.00 % infected');
    expect(shares(classes.classes, [20, 10, 10], 40, 0.5)).toBe(
      '25.00 % ground-glass, 5.0 ml, 25.00 % consolidation, 5.0 ml',
    );
  });
});

describe('errors', () => {
  it('takes infnet errors apart and marks others', () => {
    const error = new InfnetError({ code: 'A_B', message: 'It broke.', where: 'x.png', fix: 'Mend it.' });
    expect(reasonOf(error)).toEqual({ code: 'A_B', message: 'It broke.', fix: 'Mend it.' });
    expect(renderError(error)).toBe('[A_B] It broke. (at x.png)\n  Fix: Mend it.');
    expect(reasonOf(new TypeError('oops'))).toMatchObject({ code: 'UNEXPECTED', message: 'oops' });
    expect(renderError(new TypeError('oops'))).toMatch(/^Unexpected error: oops\n {2}Fix: .*report/);
  });
});

describe('makeFolder', () => {
  it('makes a folder with its parents, twice', async () => {
    const home = await mkdtemp(join(tmpdir(), 'infnet-folder-'));
    const deep = join(home, 'a', 'b', 'c');
    await makeFolder(deep);
    await makeFolder(deep);
    expect((await stat(deep)).isDirectory()).toBe(true);
    await writeFile(join(home, 'file'), '');
    await expect(makeFolder(join(home, 'file'))).rejects.toThrow(/CLI_OUTPUT_FOLDER/);
    await expect(makeFolder(join(home, 'file', 'below'))).rejects.toThrow(/CLI_OUTPUT_FOLDER/);
    await rm(home, { recursive: true });
  });

  it.runIf(existsSync('/proc/self'))('gives up where a file system refuses (needs /proc)', async () => {
    await expect(makeFolder('/proc/infnet-test/results')).rejects.toThrow(/CLI_OUTPUT_FOLDER/);
  });
});
