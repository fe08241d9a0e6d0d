/** What the machine has free, from files as Linux writes them: no test reads the machine's own. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freeMemory } from '../src/free-memory.js';

const MIB = 2 ** 20;
const MEMINFO = 'MemTotal:       8388608 kB\nMemFree:         102400 kB\nMemAvailable:   4194304 kB\nBuffers: 1 kB\n';

const machine = (files: Readonly<Record<string, string>>) => (path: string) =>
  ({ '/proc/meminfo': MEMINFO, ...files })[path];

beforeEach(() => vi.stubEnv('INFNET_MEMORY', ''));
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('free memory', () => {
  it('is what the machine can give without swapping, where no group has a limit', () => {
    expect(freeMemory(machine({}))).toBe(4096 * MIB);
    expect(freeMemory(machine({ '/proc/self/cgroup': '0::/\n' }))).toBe(4096 * MIB);
    const unlimited = {
      '/proc/self/cgroup': '4:memory:/a\n0::/\n',
      '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/a/memory.usage_in_bytes': `${6000 * MIB}\n`,
    };
    expect(freeMemory(machine(unlimited))).toBe(4096 * MIB);
  });

  it('is what a group of version 2 leaves; pages of files are given back', () => {
    const files = {
      '/proc/self/cgroup': '0::/user/run\n',
      '/sys/fs/cgroup/user/run/memory.max': `${1000 * MIB}\n`,
      '/sys/fs/cgroup/user/run/memory.high': 'max\n',
      '/sys/fs/cgroup/user/run/memory.current': `${900 * MIB}\n`,
      '/sys/fs/cgroup/user/run/memory.stat': `anon ${300 * MIB}\nfile ${590 * MIB}\nshmem ${90 * MIB}\ninactive_file ${300 * MIB}\nactive_file ${200 * MIB}\nslab_reclaimable ${10 * MIB}\n`,
    };
    expect(freeMemory(machine(files))).toBe(610 * MIB);
    expect(freeMemory(machine({ ...files, '/sys/fs/cgroup/user/run/memory.high': `${700 * MIB}\n` }))).toBe(310 * MIB);
  });

  it('is what a group of version 1 leaves, by its own names', () => {
    const files = {
      '/proc/self/cgroup': '7:blkio:/\n4:cpu,memory:/job\n0::/\n',
      '/sys/fs/cgroup/memory/job/memory.limit_in_bytes': `${512 * MIB}\n`,
      '/sys/fs/cgroup/memory/job/memory.usage_in_bytes': `${500 * MIB}\n`,
      '/sys/fs/cgroup/memory/job/memory.stat': `cache ${400 * MIB}\ntotal_inactive_file ${300 * MIB}\ntotal_active_file ${88 * MIB}\n`,
    };
    expect(freeMemory(machine(files))).toBe(400 * MIB);
  });

  it('is the least of all groups around the process, also where a container sees its own group as the root', () => {
    const nested = {
      '/proc/self/cgroup': '0::/outer/inner\n',
      '/sys/fs/cgroup/outer/memory.max': `${100 * MIB}\n`,
      '/sys/fs/cgroup/outer/memory.current': `${40 * MIB}\n`,
      '/sys/fs/cgroup/outer/inner/memory.max': `${80 * MIB}\n`,
      '/sys/fs/cgroup/outer/inner/memory.current': `${10 * MIB}\n`,
    };
    expect(freeMemory(machine(nested))).toBe(60 * MIB);
    const hidden = {
      '/proc/self/cgroup': '4:memory:/docker/0123\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${256 * MIB}\n`,
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${56 * MIB}\n`,
    };
    expect(freeMemory(machine(hidden))).toBe(200 * MIB);
  });

  it('is nothing, not less, in a group over its limit', () => {
    const files = {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': `${100 * MIB}\n`,
      '/sys/fs/cgroup/memory.current': `${140 * MIB}\n`,
    };
    expect(freeMemory(machine(files))).toBe(0);
  });

  it('is not known where there is no /proc, or where INFNET_MEMORY says none; a number there is MiB', () => {
    expect(freeMemory(() => undefined)).toBeUndefined();
    vi.stubEnv('INFNET_MEMORY', 'none');
    expect(freeMemory(machine({}))).toBeUndefined();
    vi.stubEnv('INFNET_MEMORY', '300');
    expect(freeMemory(machine({}))).toBe(300 * MIB);
  });
});
