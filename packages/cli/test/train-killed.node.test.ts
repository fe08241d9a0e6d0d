/**
 * `infnet train` as a program that is killed, and on a disk that fills up. Both end with the bits of a run that was left alone.
 *
 * `npm test` builds first; without a build these cases are skipped, and say so. What is tested here does not depend on the
 * adapter, so that a second one would only repeat it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support.js';
import { bitsOf, logOf, QUICK, writePhantoms } from './train-support.js';

const bin = join(import.meta.dirname, '..', 'bin', 'infnet.js');
const built = existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'));
const again = process.env['INFNET_ADAPTER'] === 'llvmpipe';
const why = built ? (again ? ' (skipped on llvmpipe: it is the same there)' : '') : ' (skipped without npm run build)';

const KILLS = 20;
const EPOCHS = 8;
const timeout = 600_000;

const folder = temporaryFolder();
const data = join(folder, 'data');
const always = ['--data', data, '--epochs', String(EPOCHS), '--snapshot-every', '1', ...QUICK];

describe.skipIf(why !== '')(`a run${why}`, () => {
  const whole = join(folder, 'whole');
  /** Milliseconds of a run from start to end: what a moment at random is measured by. */
  let span = 0;

  it('left alone', { timeout }, async () => {
    writePhantoms(data);
    const begun = performance.now();
    const { code, stderr } = await ended(start(['--out', whole, ...always]));
    span = performance.now() - begun;
    expect(code, stderr).toBe(0);
  });

  it(`killed at ${KILLS} random moments ends with the same bits`, { timeout }, async () => {
    const out = join(folder, 'killed');
    const random = seededRandom(7);
    const killedAt: number[] = [];
    let kills = 0;
    let tries = 0;
    while (kills < KILLS) {
      // The first time --resume finds nothing to resume, and begins. Half of the kills come at any time after the start (reading,
      // compiling, opening files), half while steps are taken and states written.
      const child = start(['--out', out, ...always, '--resume']);
      const end = ended(child);
      if (tries++ % 2 === 0) await Promise.race([pause(0.35 * span * random()), end]);
      else if (await says(child, /^training: /m)) await Promise.race([pause(0.6 * span * random() ** 2), end]);
      child.kill('SIGKILL');
      const { code } = await end;
      if (code === null) {
        kills++;
        killedAt.push(logOfKilled(out));
        continue;
      }
      // A machine so fast that it came to the end: that must be right, and the next one begins anew.
      expect(code).toBe(0);
      expect(bitsOf(out)).toEqual(bitsOf(whole));
      rmSync(out, { recursive: true });
    }
    expect(new Set(killedAt).size, `killed after steps ${killedAt.join(', ')}`).toBeGreaterThan(3);
    const { code, stderr } = await ended(start(['--out', out, '--resume']));
    expect(code, stderr).toBe(0);
    expect(bitsOf(out), `killed after steps ${killedAt.join(', ')}`).toEqual(bitsOf(whole));
    for (const event of ['step', 'epoch']) {
      const told = (run: string) => logOf(run, event).map(({ step, loss }) => [step, loss]);
      expect(told(out)).toEqual(told(whole));
    }
  });

  const canCover = process.platform === 'linux' && spawnSync('unshare', ['--mount', 'true']).status === 0;
  it.skipIf(!canCover)(
    `on a disk that fills up goes on, keeps the last good state, and is resumed elsewhere${canCover ? '' : ' (skipped where unshare is forbidden)'}`,
    { timeout },
    async () => {
      const disk = join(folder, 'disk');
      const out = join(folder, 'moved');
      // Room for one state and the best weights, not for a second state beside the first.
      const script =
        'mkdir -p "$1"; mount -t tmpfs -o size=13m none "$1"; shift; moved="$1"; shift; "$@" || echo "code $?"; cp -r "$0/run" "$moved"';
      const command = [process.execPath, bin, 'train', '--out', join(disk, 'run'), ...always];
      const child = spawn('unshare', ['--mount', 'sh', '-c', script, disk, disk, out, ...command], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { stdout, stderr } = await ended(child);
      expect(stderr).toMatch(/not written: .*last\.safetensors: \[FILE_DISK_FULL\].*Training goes on/);
      expect(stderr).toContain(`epoch ${EPOCHS} of ${EPOCHS}`);
      expect(stdout).toContain('code 1');
      const resumed = await ended(start(['--out', out, '--resume']));
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(bitsOf(out)).toEqual(bitsOf(whole));
    },
  );
});

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [bin, 'train', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits until a program has said something on stderr; false when it ended without. */
function says(child: ChildProcess, pattern: RegExp): Promise<boolean> {
  let text = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      text += chunk;
      if (pattern.test(text)) resolve(true);
    });
    child.on('close', () => resolve(false));
  });
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The last whole step that a killed run has in its log. */
function logOfKilled(run: string): number {
  try {
    if (!existsSync(join(run, 'log.jsonl'))) return 0;
    return (logOf(run, 'step').at(-1)?.['step'] as number | undefined) ?? 0;
  } catch {
    return 0; // Half a line.
  }
}
