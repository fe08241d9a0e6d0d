/**
 * How Vulkan finds its parts on Linux.
 *
 * Dawn opens the loader, `libvulkan.so.1`, with dlopen. The loader reads manifests (ICD files, JSON) from a few
 * folders, or only those that `VK_DRIVER_FILES` lists, and opens the driver that each one names. It reads the variable
 * when a Vulkan instance is made, which Dawn does in the first `requestAdapter` of a GPU; so setting it around that one
 * synchronous call is enough, and each GPU of one process may have other drivers.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import process from 'node:process';

/** Loaders before 1.3.207 (Ubuntu 22.04) know only the second name. */
const DRIVER_FILES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** glibc's flag for a library that stays loaded whatever happens; Node has no name for it. */
const RTLD_NODELETE = 0x1000;

/** The driver files that the user named in the environment, if any. */
export function namedDriverFiles(): string | undefined {
  return DRIVER_FILES.map((name) => process.env[name]).find((value) => value !== undefined && value !== '');
}

/** The folders in which the loader looks for manifests, in its order. */
export function icdFolders(): string[] {
  const list = (name: string, otherwise: string): string[] => (process.env[name] || otherwise).split(':');
  const roots = [
    ...list('XDG_CONFIG_HOME', join(homedir(), '.config')),
    ...list('XDG_CONFIG_DIRS', '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
    ...list('XDG_DATA_HOME', join(homedir(), '.local', 'share')),
    ...list('XDG_DATA_DIRS', '/usr/local/share:/usr/share'),
  ];
  return [...new Set(roots.filter((root) => root !== ''))].map((root) => join(root, 'vulkan', 'icd.d'));
}

/** The manifests in those folders. */
export function installedIcdFiles(): string[] {
  return icdFolders().flatMap(manifestsIn);
}

/** The manifests that the loader would read now: those that the environment names, else the installed ones. */
export function icdFiles(): string[] {
  const named = namedDriverFiles();
  if (named === undefined) return installedIcdFiles();
  return named
    .split(':')
    .filter((path) => path !== '')
    .flatMap((path) => (isFolder(path) ? manifestsIn(path) : [path]));
}

/** Runs `call` with Vulkan seeing only the manifest `icd`, and puts the environment back. */
export function withDriverFiles<Result>(icd: string, call: () => Result): Result {
  const before = DRIVER_FILES.map((name) => [name, process.env[name]] as const);
  for (const name of DRIVER_FILES) process.env[name] = icd;
  try {
    return call();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Whether dlopen finds a Vulkan loader: installed on the system, on LD_LIBRARY_PATH, or loaded before. */
export function hasLoader(): boolean {
  return openLibrary('libvulkan.so.1', constants.dlopen.RTLD_LAZY);
}

/**
 * Loads the Vulkan loader in `folder` for good. Its name inside the file (SONAME) is `libvulkan.so.1`, and dlopen takes
 * a loaded library of that name before it searches: Dawn then finds it although the system has none. (Setting
 * LD_LIBRARY_PATH would not help, dlopen reads it when the process starts.)
 */
export function loadLoader(folder: string): boolean {
  return openLibrary(join(folder, 'libvulkan.so.1'), constants.dlopen.RTLD_NOW | RTLD_NODELETE);
}

/** Node opens the library, then complains that it is not a Node addon: which proves that it could be opened. */
function openLibrary(path: string, flags: number): boolean {
  try {
    process.dlopen({ exports: {} }, path, flags);
    return true;
  } catch (error) {
    return error instanceof Error && error.message.includes('did not self-register');
  }
}

/** The library that a manifest names, with a path where one can be found; the reason when the manifest is unusable. */
export function libraryOf(icd: string): { library?: string; reason?: string } {
  let named: unknown;
  try {
    const manifest = JSON.parse(readFileSync(icd, 'utf8')) as { ICD?: { library_path?: unknown } };
    named = manifest.ICD?.library_path;
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
  if (typeof named !== 'string' || named === '') return { reason: 'the manifest names no library' };
  if (isAbsolute(named)) return { library: named };
  if (named.includes('/')) return { library: resolve(dirname(icd), named) };
  const folders = [
    ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'],
  ];
  const found = folders.map((folder) => join(folder, named as string)).find((path) => existsSync(path));
  return { library: found ?? named };
}

/** The Mesa version that is written inside a Mesa driver, e.g. `25.0.7`; undefined when there is none. */
export function mesaVersion(library: string): string | undefined {
  try {
    return /Mesa (\d+\.\d+\.\d+)/.exec(readFileSync(library, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

/** Whether the manifest is that of Mesa's software driver. */
export function isLlvmpipeIcd(icd: string): boolean {
  return /(^|\/)lvp_icd[^/]*\.json$/.test(icd);
}

/** Device files of Linux that belong to a GPU, e.g. `/dev/nvidia0`: there is hardware even if there is no driver. */
export function gpuDevices(): string[] {
  return [...entriesOf('/dev', /^(nvidia\d+|dxg|kfd)$/), ...entriesOf('/dev/dri', /^renderD\d+$/)];
}

function manifestsIn(folder: string): string[] {
  return entriesOf(folder, /\.json$/);
}

function entriesOf(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
