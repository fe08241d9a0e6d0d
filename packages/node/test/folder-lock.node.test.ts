/** One writer of a folder, and what killed ones leave behind. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCK_FILE, lockFolder, removeLeftovers } from '../src/index.js';
import { isRunning, thisProcess } from '../src/process-identity.js';
import { temporaryName } from '../src/temporary-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'infnet-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

const leave = (holder: object): void => writeFileSync(join(folder, LOCK_FILE), JSON.stringify(holder));
const since = '2026-01-01T00:00:00.000Z';

describe('the lock of a folder', () => {
  it('is held by one at a time, says by whom, and is gone afterwards', async () => {
    const inner = join(folder, 'made', 'too');
    const lock = await lockFolder(inner);
    await expect(lockFolder(inner)).rejects.toThrow(
      new RegExp(`FILE_LOCKED.*in use by process ${process.pid} on ${hostname()}, since 20`),
    );
    await lock.release();
    expect(readdirSync(inner)).toEqual([]);
    await (await lockFolder(inner)).release();
  });

  it('of two who try at once one gets it', async () => {
    for (const before of [undefined, { ...thisProcess(), pid: deadPid(), since }]) {
      if (before !== undefined) leave(before);
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
      const got = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(got).toHaveLength(1);
      await got[0]?.release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it.each([
    ['a process that ended', () => ({ ...thisProcess(), pid: deadPid() })],
    ['a process of before the machine was started', () => ({ ...thisProcess(), boot: 'another' })],
    ['a process whose number another one has now', () => ({ ...thisProcess(), started: '1' })],
  ])('of %s is taken over', async (_name, holder) => {
    leave({ ...holder(), since });
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(join(folder, LOCK_FILE), 'utf8')).pid).toBe(process.pid);
    await lock.release();
  });

  it.each(['', 'null', '[]', '{"pid":"x"}', '{"pid":1}'])('that says nothing (%j) is nobody’s', async (text) => {
    writeFileSync(join(folder, LOCK_FILE), text);
    await (await lockFolder(folder)).release();
  });

  it('of another machine is not, and what to do is said', async () => {
    leave({ ...thisProcess(), pid: 1, host: 'elsewhere', since });
    await expect(lockFolder(folder)).rejects.toThrow(/process 1 on elsewhere, since 2026.*remove .*run\.lock/s);
  });

  it('is made again where the folder was removed', async () => {
    const lock = await lockFolder(folder);
    rmSync(folder, { recursive: true });
    await lock.renew();
    await expect(lockFolder(folder)).rejects.toThrow(/FILE_LOCKED/);
    await lock.release();
    expect(existsSync(join(folder, LOCK_FILE))).toBe(false);
  });
});

it('temporary files of processes that ended are removed, no others', async () => {
  const own = temporaryName();
  const dead = own.replace(`-${process.pid}-`, `-${deadPid()}-`);
  const elsewhere = dead.replace(/^\.infnet-\w{8}/, '.infnet-00000000');
  const others = [own, elsewhere, '.last.safetensors.tmp', 'a.tmp', `${dead}.png`];
  mkdirSync(join(folder, 'below'));
  for (const name of [dead, ...others, join('below', dead)]) writeFileSync(join(folder, name), 'x');
  expect(await removeLeftovers(folder)).toEqual([dead]);
  expect(readdirSync(folder).sort()).toEqual([...others, 'below'].sort());
  await removeLeftovers(folder, { deep: true });
  expect(readdirSync(join(folder, 'below'))).toEqual([]);
  expect(await removeLeftovers(join(folder, 'none'))).toEqual([]);
});

it('a process is known by its number, its start and its machine', () => {
  const own = thisProcess();
  expect(isRunning(own)).toBe(true);
  expect(isRunning({ ...own, host: 'elsewhere' })).toBeUndefined();
  expect(isRunning({ ...own, pid: deadPid() })).toBe(false);
});
