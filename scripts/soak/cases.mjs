/** The kinds of harm. Each says how often it hit, and what was wrong afterwards. */
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { difference, ended, finish, logOf, METHODS, start } from './runs.mjs';

/** Kills in one run, before it may come to its end. */
const KILLS_IN_A_RUN = 10;

/**
 * Kills one run again and again, each time at another event: the n-th line that it tells, or the n-th change in its
 * folder (a file that is written, renamed, removed). Half of them come early, where little is told.
 */
export async function killed({ out, sets, whole, random, until }, method, most) {
  let hits = 0;
  for (let i = 0; i < Math.min(KILLS_IN_A_RUN, most) && Date.now() < until; i++) {
    const child = start(['--out', out, '--resume', ...METHODS[method].options(sets)]);
    const end = ended(child);
    const byFile = random() < 0.6;
    const after = 1 + Math.floor((byFile ? 40 : 14) * random() ** 2);
    const stop = byFile ? changes(out, after, child) : lines(child, after);
    await Promise.race([stop, end]);
    child.kill('SIGKILL');
    const { code, said } = await end;
    if (code === null) hits++;
    else if (code !== 0) return { hits, problem: `kill ${i}: it ended by itself with ${code}: ${said.slice(-500)}` };
    else break;
  }
  return { hits, problem: await finish(out, method, sets, whole) };
}

function lines(child, count) {
  let told = 0;
  return new Promise((resolve) => {
    child.stderr.on('data', (chunk) => {
      told += String(chunk).split('\n').length - 1;
      if (told >= count) resolve();
    });
  });
}

/** Resolves after so many changes in a folder and those below it. */
function changes(out, count, child) {
  mkdirSync(join(out, 'checkpoints'), { recursive: true });
  return new Promise((resolve) => {
    let seen = 0;
    const watchers = [out, join(out, 'checkpoints')].map((folder) =>
      watch(folder, () => {
        if (++seen >= count) resolve();
      }),
    );
    child.on('close', () => {
      for (const watcher of watchers) watcher.close();
    });
  });
}

/** Loses devices at calls of WebGPU: while it prepares (`early`), or anywhere. */
export async function lostDevices({ out, sets, whole, random }, when) {
  const moments =
    when === 'early'
      ? [1, 2].map(() => 1 + Math.floor(12 * random()))
      : [1, 2, 3, 4, 5].map(() => 5 + Math.floor(45 * random()));
  const lose = `${when === 'early' ? 'buffers' : 'submits'}:${moments.join(',')}`;
  const { code, said } = await ended(start(['--out', out, ...METHODS.train.options(sets)], { lose }));
  const hits = said.split('infnet-soak: lost').length - 1;
  if (code !== 0) return { hits, problem: `${lose}: it ended with ${code}: ${said.slice(-500)}` };
  return { hits, problem: difference(out, whole.train, METHODS.train.files) };
}

/** Trains on a disk with room for some of it, and goes on elsewhere. */
export async function fullDisk({ folder, out, sets, whole, random }) {
  const disk = join(folder, 'disk');
  const kilobytes = 40 + Math.floor(200 * random());
  const script =
    'mkdir -p "$0"; mount -t tmpfs -o size="$1" none "$0"; moved="$2"; shift 2; "$@"; echo "code $?"; cp -r "$0/run" "$moved" || true';
  const cover = ['unshare', '--mount', 'sh', '-c', script, disk, `${kilobytes}k`, out];
  const { said } = await ended(start(['--out', join(disk, 'run'), ...METHODS.train.options(sets)], { cover }));
  const hits = Number(said.includes('FILE_DISK_FULL'));
  if (!/^code [012]$/m.test(said)) return { hits, problem: `${kilobytes} kB: no orderly end: ${said.slice(-500)}` };
  if (!existsSync(out)) return { hits, problem: undefined };
  return { hits, problem: await finish(out, 'train', sets, whole) };
}

/** Nobody reads what it says after some lines. */
export async function closedStreams({ out, sets, whole, random }) {
  const child = start(['--out', out, ...METHODS.train.options(sets)]);
  const end = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([lines(child, 1 + Math.floor(8 * random())), end]);
  child.stdout.destroy();
  child.stderr.destroy();
  const code = await end;
  const hits = 1;
  if (code !== 0) return { hits, problem: `it ended with ${code}` };
  if (logOf(out, 'end').length !== 1) return { hits, problem: 'its log has no end' };
  return { hits, problem: difference(out, whole.train, METHODS.train.files) };
}
