/**
 * The SwiftShader software adapter from npm alone.
 *
 * SwiftShader is Google's Vulkan driver for CPUs. The npm package `@sparticuz/chromium` ships it (Linux x64, with a
 * Vulkan loader) as one compressed archive beside a Chromium that is not touched here. A machine without a GPU, root
 * rights or system packages can thus run WebGPU in Node. The package stands alone so that whoever has a GPU never
 * downloads it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { InfnetError } from '@infnet/errors';
import { cacheCandidates, writableCacheFolder } from './cache-folder.js';
import { isUnpacked, unpack } from './unpack.js';

/** Where SwiftShader lies after unpacking. */
export interface SwiftShader {
  /** The driver's ICD manifest, for `VK_DRIVER_FILES`. */
  readonly icdPath: string;
  /** The folder with `libvk_swiftshader.so` and a Vulkan loader, `libvulkan.so.1`. */
  readonly libraryDir: string;
}

/**
 * Unpacks SwiftShader (once per user and version, about 7 MB, half a second) and says where it lies. Later calls only
 * check that the copy is complete.
 *
 * The folder is `INFNET_CACHE_DIR`, or the user's cache folder, or `node_modules/.cache`, or one below the temporary
 * folder: the first that holds a complete copy, else the first that can be written.
 *
 * @throws InfnetError `SWIFTSHADER_PLATFORM` elsewhere than on Linux x64, `SWIFTSHADER_NOT_INSTALLED`,
 *   `SWIFTSHADER_ARCHIVE`, `SWIFTSHADER_UNPACK`, `CACHE_NOT_WRITABLE`.
 */
export async function swiftshader(): Promise<SwiftShader> {
  requirePlatform(process.platform, process.arch);
  const { archive, version } = await locateArchive();
  const name = `swiftshader-chromium-${version}`;
  const candidates = cacheCandidates();
  for (const folder of candidates) {
    const complete = join(folder, name);
    if (await isUnpacked(complete)) return places(complete);
  }
  return places(await unpack(archive, await writableCacheFolder(candidates), name));
}

/** @throws InfnetError `SWIFTSHADER_PLATFORM` unless the platform is Linux x64. */
export function requirePlatform(platform: string, arch: string): void {
  if (platform === 'linux' && arch === 'x64') return;
  throw new InfnetError({
    code: 'SWIFTSHADER_PLATFORM',
    message: `The npm build of SwiftShader runs on Linux x64 only; this is ${platform} ${arch}.`,
    fix:
      platform === 'linux'
        ? 'Install Mesa 25 or newer (package mesa-vulkan-drivers) and take its software adapter llvmpipe.'
        : 'Use the GPU of this machine (adapter "gpu"); macOS and Windows need no driver package for it.',
    details: { platform, arch },
  });
}

function places(libraryDir: string): SwiftShader {
  return { icdPath: join(libraryDir, 'vk_swiftshader_icd.json'), libraryDir };
}

/** Finds the archive without running any code of the package that holds it. */
async function locateArchive(): Promise<{ archive: string; version: string }> {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  } catch (cause) {
    throw notInstalled(cause);
  }
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const archive = join(folder, 'bin', 'swiftshader.tar.br');
    if (!existsSync(archive)) continue;
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version?: unknown };
    return { archive, version: String(manifest.version) };
  }
  throw notInstalled();
}

function notInstalled(cause?: unknown): InfnetError {
  return new InfnetError({
    code: 'SWIFTSHADER_NOT_INSTALLED',
    message: 'The npm package @sparticuz/chromium, which holds SwiftShader, is not installed.',
    fix: 'Run: npm install @infnet/swiftshader',
    cause,
  });
}
