/** `#include` of kernels, which the build resolves: see `scripts/wgsl-plugin.mjs`. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWgsl } from '../../../scripts/wgsl-plugin.mjs';

const folder = mkdtempSync(join(tmpdir(), 'infnet-include-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};

describe('readWgsl', () => {
  it('puts pieces in their places, also pieces of pieces, with line ends of any system', () => {
    write('parts/deep.part.wgsl', 'deep\r\n');
    write('parts/outer.part.wgsl', 'first\n#include "./deep.part.wgsl"\nlast');
    const file = write('kernel.wgsl', '// kernel\r\n#if A\r\n  #include "./parts/outer.part.wgsl"\r\n#end\r\n');
    const pieces: string[] = [];
    expect(readWgsl(file, (piece) => pieces.push(piece))).toBe('// kernel\n#if A\nfirst\ndeep\nlast\n#end\n');
    expect(pieces).toEqual(['parts/outer.part.wgsl', 'parts/deep.part.wgsl'].map((name) => join(folder, name)));
  });

  it('finds a piece of another package by its name', () => {
    const file = write('other.wgsl', '#include "@infnet/core/kernels/relu.part.wgsl"\n');
    const pieces: string[] = [];
    expect(readWgsl(file, (piece) => pieces.push(piece))).toContain('fn relu(');
    expect(pieces).toEqual([join(import.meta.dirname, '..', 'src', 'kernels', 'relu.part.wgsl')]);
  });

  it('refuses a file that is missing, or that includes itself', () => {
    const missing = write('missing.wgsl', '#include "./nothing.part.wgsl"\n');
    expect(() => readWgsl(missing)).toThrow('nothing.part.wgsl');
    write('a.part.wgsl', '#include "./b.part.wgsl"\n');
    const b = write('b.part.wgsl', '#include "./a.part.wgsl"\n');
    expect(() => readWgsl(b)).toThrow('without end');
  });

  it('leaves no directive of its own in any kernel of the packages, and no piece unused', () => {
    const packages = join(import.meta.dirname, '..', '..');
    const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' })
      .filter((file) => /^[\w-]+[\\/]src[\\/].*\.(wgsl|ts)$/.test(file))
      .map((file) => join(packages, file));
    const files = sources.filter((file) => file.endsWith('.wgsl'));
    const used = new Set<string>();
    // Functions that expressions call are put into kernels at run time: code imports their text.
    for (const file of sources.filter((each) => each.endsWith('.ts'))) {
      for (const [, piece] of readFileSync(file, 'utf8').matchAll(/^import \w+ from '(.*\.part\.wgsl)';$/gm)) {
        used.add(join(dirname(file), piece as string));
      }
    }
    for (const file of files) expect(readWgsl(file, (piece) => used.add(piece))).not.toContain('#include');
    expect([...used].sort()).toEqual(files.filter((file) => file.endsWith('.part.wgsl')).sort());
    const raw = files.filter((file) => readFileSync(file, 'utf8').includes('#include'));
    expect(raw.length, 'some kernel includes a piece').toBeGreaterThan(0);
  });
});
