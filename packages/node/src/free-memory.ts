/**
 * Memory that a process may still take on Linux: what the machine has free, and what each control group around the
 * process leaves of its limit. Adapters that compute on the CPU take their buffers from it.
 *
 * Node's `process.availableMemory()` counts the pages of files that a group has read as used; the kernel gives those
 * up for whoever needs memory, and a container that has read a data set would have none left.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import process from 'node:process';

/** Text of a file; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

/** The same figures under the names of both kinds of control groups. */
interface Names {
  readonly limits: readonly string[];
  readonly used: string;
  /** Lines of `memory.stat` that the kernel can take back. */
  readonly reclaimable: readonly string[];
}

const VERSION_1: Names = {
  limits: ['memory.limit_in_bytes'],
  used: 'memory.usage_in_bytes',
  reclaimable: ['total_active_file', 'total_inactive_file'],
};
const VERSION_2: Names = {
  limits: ['memory.max', 'memory.high'],
  used: 'memory.current',
  reclaimable: ['active_file', 'inactive_file', 'slab_reclaimable'],
};

/** Where groups are mounted. */
const MOUNT = '/sys/fs/cgroup';

/**
 * Bytes; undefined where nobody tells (elsewhere than on Linux). The environment variable `INFNET_MEMORY` says another
 * number of MiB, or `none`: undefined.
 */
export function freeMemory(read: ReadText = readText): number | undefined {
  const said = process.env['INFNET_MEMORY'] ?? '';
  if (said !== '') return Number.isNaN(Number(said)) ? undefined : Number(said) * 2 ** 20;
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  if (available === undefined) return undefined;
  return Math.max(0, Math.min(Number(available) * 1024, ...groupsOf(read)));
}

/** What is left in each group around this process that has a limit. */
function* groupsOf(read: ReadText): Generator<number> {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const isVersion2 = controllers === '';
    if (!isVersion2 && !controllers.split(',').includes('memory')) continue;
    const names = isVersion2 ? VERSION_2 : VERSION_1;
    const root = isVersion2 ? MOUNT : `${MOUNT}/memory`;
    // In a container the path may be the host's, and not be there; the container's own group is the root then.
    for (let at = path; ; at = join(at, '..')) {
      const left = leftIn(join(root, at), names, read);
      if (left !== undefined) yield left;
      if (at === '/' || at === '.') break;
    }
  }
}

function leftIn(folder: string, { limits, used, reclaimable }: Names, read: ReadText): number | undefined {
  // A limit may be the word "max".
  const found = limits.map((name) => Number.parseInt(read(join(folder, name)) ?? '', 10));
  const limit = Math.min(...found.filter((bytes) => !Number.isNaN(bytes)));
  const current = Number.parseInt(read(join(folder, used)) ?? '', 10);
  if (limit === Number.POSITIVE_INFINITY || Number.isNaN(current)) return undefined;
  const stat = new Map((read(join(folder, 'memory.stat')) ?? '').split('\n').map((row) => keyed(row)));
  return limit - current + reclaimable.reduce((sum, name) => sum + (stat.get(name) ?? 0), 0);
}

function keyed(row: string): readonly [string, number] {
  const [name = '', value] = row.split(' ');
  return [name, Number(value)];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
