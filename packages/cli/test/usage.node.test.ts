import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { infnet, phantomPng, temporaryFolder, write } from './support.js';

describe('usage', () => {
  it('prints help for the program and every command, exit code 0', async () => {
    for (const command of [[], ['segment'], ['doctor'], ['kernels'], ['phantom'], ['weights'], ['export']]) {
      const { code, stdout, stderr } = await infnet([...command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: infnet${command.map((name) => ` ${name}`).join('')}`);
      expect(stderr).toBe('');
    }
    const { stdout } = await infnet(['segment', '--help']);
    for (const said of [
      '--weights',
      '--size',
      '--threshold',
      '--stretch',
      '--batch',
      'not stretched',
      'overwritten',
      'Exit codes',
      '130',
    ]) {
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(said);
    }
  });

  it.each([
    [['segmant', 'x'], 'Did you mean segment?'],
    [['segment', 'x', '--weigths', 'w'], 'Did you mean --weights?'],
    [['segment', 'x', '--out', 'o'], "required option '--weights <file>' not specified"],
    [['segment', 'x', '--weights', 'w'], "required option '--out <folder>' not specified"],
    [['segment', 'x', '--weights', 'w', '--out', 'o', '--size', '3.5'], 'Give a whole number from 16 to 4096'],
    [['segment', 'x', '--weights', 'w', '--out', 'o', '--threshold', '1'], 'Give a number between 0 and 1'],
    [['segment', 'x', '--weights', 'w', '--out', 'o', '--range', '5,2'], 'Give full, minmax'],
    [['segment', 'x', '--weights', 'w', '--out', 'o', '--backbone', 'vgg19'], 'Allowed choices are res2net50'],
    [['segment', 'x', '--weights', 'w', '--out', 'o', '--adapter', 'cuda'], 'Allowed choices are auto'],
    [['segment', '--weights', 'w', '--out', 'o'], "missing required argument 'paths'"],
    [['phantom'], "required option '--out <folder>' not specified"],
    [['weights', '--out', 'w.pth'], 'ends in .safetensors'],
    [[], 'Usage: infnet'],
  ])('%j: exit code 2', async (argv, said) => {
    const { code, stdout, stderr } = await infnet(argv);
    expect(stderr).toContain(said);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('with --json a set-up error is a document on stdout too', async () => {
    const { code, stdout, stderr } = await infnet([
      'segment',
      '/no/such/folder',
      '--weights',
      'w',
      '--out',
      'o',
      '--json',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('[CLI_NO_INPUT]');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      command: 'segment',
      ok: false,
      error: { code: 'CLI_NO_INPUT', message: 'There is no such file or folder.' },
    });
    const usage = await infnet(['segment', 'x', '--nothing', '--json']);
    expect(JSON.parse(usage.stdout)).toMatchObject({ ok: false, error: { code: 'CLI_USAGE' } });
  });
});

describe('segment, before any work', () => {
  const run = (...argv: string[]): ReturnType<typeof infnet> =>
    infnet(['segment', ...argv, '--weights', '/no/such.pth']);

  it('refuses two slices of one stem and writes nothing', async () => {
    const folder = write(temporaryFolder(), { 'a.png': phantomPng(1, 64, 64), 'a.jpg': 'x' });
    const out = join(folder, 'out');
    const { code, stderr } = await run(folder, '--out', out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/\[CLI_OUTPUT_CLASH\] .*a\.jpg and .*a\.png would both write a\.mask\.png/);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses to write results among the slices, and over an input', async () => {
    const folder = write(temporaryFolder(), { 'a.png': phantomPng(1, 64, 64), 'a.mask.png': phantomPng(1, 64, 64) });
    expect(await run(folder, '--out', folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('among the slices'),
    });
    const files = [join(folder, 'a.png'), join(folder, 'a.mask.png')];
    expect(await run(...files, '--out', folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a.mask.png would overwrite an input'),
    });
  });

  it('refuses a folder without pictures', async () => {
    const empty = temporaryFolder();
    expect(await run(empty, '--out', 'o')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The folder is empty'),
    });
    const others = write(temporaryFolder(), { 'notes.txt': 'x' });
    mkdirSync(join(others, 'inner.png'));
    const { code, stderr } = await run(others, '--out', 'o');
    expect(code).toBe(2);
    expect(stderr).toContain('None of the 1 files in the folder is a picture');
  });

  it('refuses a file where the folder of results should be, and weights that are not there', async () => {
    const folder = write(temporaryFolder(), { 'a.png': phantomPng(1, 64, 64), taken: 'x' });
    expect(await run(join(folder, 'a.png'), '--out', join(folder, 'taken'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[CLI_OUTPUT_FOLDER]'),
    });
    expect(await run(join(folder, 'a.png'), '--out', join(folder, 'out'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[FILE_NOT_FOUND]'),
    });
  });
});
