/**
 * `infnet train` as a program that is killed, and on a disk that fills up. Both end with the bits of a run that was
 * left alone.
 *
 * `npm test` builds first; without a build these cases are skipped, and say so. What is tested here does not depend on
 * the adapter, so that a second one would only repeat it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@infnet/core';
import { isLong, longNote } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support.js';
import { bitsOf, logOf, QUICK, STEPS_PER_EPOCH, writePhantoms } from './train-support.js';

const bin = join(import.meta.dirname, '..', 'bin', 'infnet.js');
const built = existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'));
const again = process.env['INFNET_ADAPTER'] === 'llvmpipe';
const why = built ? (again ? ' (skipped on llvmpipe: it is the same there)' : '') : ' (skipped without npm run build)';

const KILLS = isLong ? 20 : 4;
const EPOCHS = 8;
const STEPS = EPOCHS * STEPS_PER_EPOCH;

/** What a run says when it has begun to train. */
const TRAINS = /^training: /m;

const folder = temporaryFolder();
const data = join(folder, 'data');
const always = ['--data', data, '--epochs', String(EPOCHS), '--snapshot-every', '1', ...QUICK];

describe.skipIf(why !== '')(`a run${why}`, () => {
  const whole = join(folder, 'whole');
  /** Pieces of stderr that a run left alone says until it trains: what a moment before that is measured by. */
  let saidBefore = 0;

  it('left alone', async () => {
    writePhantoms(data);
    const child = start(['--out', whole, ...always]);
    let trains = false;
    child.stderr?.on('data', (chunk) => {
      trains ||= TRAINS.test(String(chunk));
      if (!trains) saidBefore++;
    });
    const { code, stderr } = await ended(child);
    expect(code, stderr).toBe(0);
  });

  it(`killed at ${KILLS} random moments ends with the same bits`, async () => {
    const out = join(folder, 'killed');
    const random = seededRandom(7);
    const killedAt: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      // The first time --resume finds nothing to resume, and begins. Moments are events, then some turns more, so that
      // a slow machine is killed at the same ones: half of them before the first step (reading, compiling, opening
      // files), half while steps are taken and states written, ever further on.
      const child = start(['--out', out, ...always, '--resume']);
      const end = ended(child);
      if (kill % 2 === 0) await Promise.race([saysOften(child, 1 + Math.floor(saidBefore * random())), end]);
      else await Promise.race([reaches(out, Math.ceil((kill / KILLS) * (STEPS - 2))), end]);
      await pause(20 * random());
      child.kill('SIGKILL');
      const { code } = await end;
      killedAt.push(logOfKilled(out));
      if (code === null) continue;
      // A machine so fast that it came to the end: that must be right, and the next one begins again.
      expect(code).toBe(0);
      expect(bitsOf(out)).toEqual(bitsOf(whole));
      rmSync(out, { recursive: true });
    }
    expect(new Set(killedAt).size, `killed after steps ${killedAt.join(', ')}`).toBeGreaterThan(isLong ? 3 : 1);
    const { code, stderr } = await ended(start(['--out', out, '--resume']));
    expect(code, stderr).toBe(0);
    expect(bitsOf(out), `killed after steps ${killedAt.join(', ')}`).toEqual(bitsOf(whole));
    for (const event of ['step', 'epoch']) {
      const told = (run: string) => logOf(run, event).map(({ step, loss }) => [step, loss]);
      expect(told(out)).toEqual(told(whole));
    }
  });

  const canCover = process.platform === 'linux' && spawnSync('unshare', ['--mount', 'true']).status === 0;
  it.skipIf(!canCover || !isLong)(
    `on a disk that fills up goes on, keeps the last good state, and is resumed elsewhere${canCover ? longNote : ' (skipped where unshare is forbidden)'}`,
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

/** Waits until a program has written to stderr so often. */
function saysOften(child: ChildProcess, times: number): Promise<void> {
  let said = 0;
  return new Promise((resolve) => {
    child.stderr?.on('data', () => {
      if (++said >= times) resolve();
    });
  });
}

/** Waits until the log of a run has that step. */
async function reaches(run: string, step: number): Promise<void> {
  while (logOfKilled(run) < step) await pause(10);
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
