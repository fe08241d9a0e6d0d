/**
 * The command as a program of its own. `npm test` builds first; without a build these cases are skipped, and say so.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeTorchZip } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { phantomPng, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const bin = join(import.meta.dirname, '..', 'bin', 'infnet.js');
const built = existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its own end; `onError` sees stderr as it grows and may send a signal. */
function run(
  file: string,
  args: readonly string[],
  onError: (text: string, kill: () => void) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    onError(stderr, () => child.kill('SIGINT'));
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

it('says what to do when nothing is built', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  copyFileSync(bin, join(folder, 'bin', 'infnet.js'));
  write(folder, { 'package.json': '{"type":"module"}' });
  const { code, stderr } = await run(join(folder, 'bin', 'infnet.js'), ['--help']);
  expect(code).toBe(2);
  expect(stderr).toContain('npm run build');
});

describe.skipIf(!built)('built (skipped without npm run build)', () => {
  it('prints version and help', async () => {
    expect(await run(bin, ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await run(bin, ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('segment') });
    expect(await run(bin, ['nonsense'])).toMatchObject({ code: 2 });
    expect(await run(bin, ['kernels'])).toMatchObject({ code: 0, stdout: expect.stringContaining('conv/gemm') });
  });

  it('segments, prints one JSON document and exits by itself', async () => {
    const folder = write(temporaryFolder(), {
      'a.png': phantomPng(1, 80, 70),
      'w.pth': writeTorchZip(recipeWeights(SMALL)),
    });
    const out = join(folder, 'out');
    const { code, signal, stdout } = await run(bin, [
      'segment',
      join(folder, 'a.png'),
      '--weights',
      join(folder, 'w.pth'),
      '--out',
      out,
      '--size',
      '64',
      '--json',
    ]);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, slices: [{ stem: 'a', width: 80, height: 70 }] });
    expect(readdirSync(out)).toEqual(['a.mask.png', 'a.overlay.png', 'a.prob.png', 'summary.csv']);
  });

  it('Ctrl-C: exit code 130, no partial file', async () => {
    const folder = write(temporaryFolder(), { 'w.pth': writeTorchZip(recipeWeights(SMALL)) });
    const slices = join(folder, 'slices');
    mkdirSync(slices);
    for (let i = 10; i < 40; i++) write(slices, { [`s${i}.png`]: phantomPng(i, 100, 100) });
    const out = join(folder, 'out');
    let sent = false;
    const { code, signal, stderr } = await run(
      bin,
      ['segment', slices, '--weights', join(folder, 'w.pth'), '--out', out, '--size', '64'],
      (text, kill) => {
        if (!sent && text.includes('segmenting')) {
          sent = true;
          // Twice at once, as npx and the terminal do together.
          kill();
          kill();
        }
      },
    );
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stderr).toContain('stopping');
    expect(readdirSync(out).filter((name) => !/\.(mask|overlay|prob)\.png$/.test(name))).toEqual(['summary.csv']);
  });
});
