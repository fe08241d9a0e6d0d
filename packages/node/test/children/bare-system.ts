/**
 * A system without Vulkan, made for one process: in a mount namespace of its own the Vulkan loader and, if asked, the
 * driver manifests are covered. Nothing outside the process sees it. Needs Linux and the right to `unshare`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { icdFolders } from '../../src/vulkan.js';

const LOADERS = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1'];

export interface Covered {
  readonly loader: boolean;
  readonly manifests: boolean;
}

/** The words to put before a command line so that it runs there. */
export function without(covered: Covered): string[] {
  const files = covered.loader ? LOADERS : [];
  const folders = covered.manifests ? icdFolders() : [];
  const mounts = [
    ...files.filter((path) => existsSync(path)).map((path) => `mount --bind /dev/null "$(realpath ${path})"`),
    ...folders.filter((path) => existsSync(path)).map((path) => `mount -t tmpfs none ${path}`),
  ];
  return ['unshare', '--mount', ...asRoot(), 'sh', '-ec', `${mounts.join('\n')}\nexec "$@"`, 'sh'];
}

export const canCover: boolean = spawnSync('unshare', ['--mount', ...asRoot(), 'true']).status === 0;

/** A user who is not root can be root in a user namespace, where the system allows one. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ['--map-root-user'];
}
