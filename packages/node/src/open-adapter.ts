/**
 * Chooses an adapter in Node and says what it took.
 *
 * `auto` takes, in this order: a real GPU; Mesa's llvmpipe if the system has one that Dawn accepts; SwiftShader from
 * npm. The last needs nothing of the system, neither drivers nor a Vulkan loader. Whatever is software is called so in
 * `message`, which the caller is to show: nobody should wait for a CPU and believe it is a GPU.
 */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { InfnetError, isInfnetError } from '@infnet/errors';
import {
  ADAPTER_CHOICES,
  ADAPTER_ORDER,
  type AdapterChoice,
  type AdapterKind,
  describeAdapter,
} from './adapter-kind.js';
import { loadDawn } from './dawn.js';
import { type FoundAdapter, findAdapter, preferredAdapter, type View } from './enumerate.js';
import { type Experimental, flagsFor, readExperimental } from './experimental.js';
import { type NpmSwiftShader, npmSwiftShader } from './npm-swiftshader.js';
import {
  hasLoader,
  icdFiles,
  installedIcdFiles,
  isLlvmpipeIcd,
  libraryOf,
  loadLoader,
  mesaVersion,
  namedDriverFiles,
} from './vulkan.js';

export interface OpenAdapterOptions {
  /** Which adapter to take. Default: the environment variable `INFNET_ADAPTER`, else `auto`. */
  readonly adapter?: AdapterChoice;
  /** Which GPU to take where there are several. Default: `high-performance`. */
  readonly powerPreference?: GPUPowerPreference;
  /** Flags for Dawn, `key=value`, e.g. `enable-dawn-features=allow_unsafe_apis`. */
  readonly dawnFlags?: readonly string[];
  /** What may change or fail. Default: the environment variable `INFNET_EXPERIMENTAL`, else nothing. */
  readonly experimental?: Experimental | undefined;
}

export interface OpenedAdapter {
  /** Dawn's GPU. Held by this package for the life of the process, for Dawn must never lose it. */
  readonly gpu: GPU;
  /** A fresh adapter: `requestDevice` may be called on it once. */
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  /** Whether a CPU does the work. */
  readonly software: boolean;
  /** One line to show: what was taken, and that it is software when it is. */
  readonly message: string;
  /** What was asked for, in the options or the environment. */
  readonly experimental: Experimental;
}

/** Said with every software adapter. */
const SLOW = 'expect it to be 50 to 1000 times slower than a GPU';

/**
 * Opens an adapter. Loads Dawn when called, not before; does not keep the process from exiting.
 *
 * @throws InfnetError `DEVICE_UNKNOWN_CHOICE`, `DEVICE_UNKNOWN_EXPERIMENT`, `DEVICE_DAWN_NOT_LOADED`, `DEVICE_NO_GPU`,
 *   `DEVICE_NO_LLVMPIPE`, `DEVICE_NO_SWIFTSHADER`, `DEVICE_NO_ADAPTER` (none of the three).
 */
export async function openAdapter(options: OpenAdapterOptions = {}): Promise<OpenedAdapter> {
  const { choice, askedBy } = readChoice(options.adapter);
  const experimental = options.experimental ?? readExperimental(process.env['INFNET_EXPERIMENTAL']);
  const flags = flagsFor(experimental, options.dawnFlags ?? []);
  const powerPreference = options.powerPreference ?? 'high-performance';
  const view: View = { create: await loadDawn(), flags, powerPreference };
  const found = await {
    gpu: openGpu,
    llvmpipe: openLlvmpipe,
    swiftshader: openSwiftShader,
    auto: openAny,
  }[choice](view);
  return { ...opened(found, choice === 'auto' ? 'no GPU found' : askedBy), experimental };
}

async function openAny(view: View): Promise<FoundAdapter> {
  if (await canLookAround()) {
    const found = await findAdapter(view, ADAPTER_ORDER);
    if (found !== undefined) return found;
  }
  const npm = await npmSwiftShader();
  if (npm.icdPath !== undefined) {
    const found = await openNpmSwiftShader(view, npm);
    if (found !== undefined) return found;
    throw notSeen(npm.icdPath);
  }
  if (npm.installed && process.platform === 'linux' && process.arch === 'x64') throw npm.error;
  throw new InfnetError({
    code: 'DEVICE_NO_ADAPTER',
    message: `There is no GPU that WebGPU can use and no software adapter to take instead.${hiddenBy()}`,
    fix: `${howToGetSoftware()} For a GPU, install its Vulkan driver. "infnet doctor" lists what was found.`,
    details: { icdFiles: process.platform === 'linux' ? icdFiles() : [] },
    cause: npm.error,
  });
}

async function openGpu(view: View): Promise<FoundAdapter> {
  const found = (await canLookAround()) ? await findAdapter(view, ['gpu']) : undefined;
  if (found !== undefined) return found;
  throw new InfnetError({
    code: 'DEVICE_NO_GPU',
    message: `There is no GPU that WebGPU can use.${hiddenBy()}`,
    fix:
      process.platform === 'linux'
        ? 'Install the GPU\'s Vulkan driver and the loader (libvulkan1), in a container also pass the GPU through; or take a software adapter with INFNET_ADAPTER=auto. "infnet doctor" lists what was found.'
        : "Update the GPU's driver.",
    details: { icdFiles: process.platform === 'linux' ? icdFiles() : [] },
  });
}

async function openLlvmpipe(view: View): Promise<FoundAdapter> {
  const mayLook = await canLookAround();
  const found = mayLook ? await findAdapter(view, ['llvmpipe']) : undefined;
  if (found !== undefined) return found;
  const manifests = installedIcdFiles().filter(isLlvmpipeIcd);
  if (namedDriverFiles() !== undefined && hasLoader()) {
    for (const driverFile of manifests) {
      const hidden = await preferredAdapter({ ...view, driverFile });
      if (hidden?.kind === 'llvmpipe') return hidden;
    }
  }
  const refused = manifests[0];
  const version = refused === undefined ? undefined : mesaVersion(libraryOf(refused).library ?? '');
  throw new InfnetError({
    code: 'DEVICE_NO_LLVMPIPE',
    message:
      refused === undefined
        ? "Mesa's software adapter llvmpipe is not installed."
        : `Mesa's software adapter llvmpipe is installed${version === undefined ? '' : ` (Mesa ${version})`}, but WebGPU cannot use it.`,
    where: refused,
    fix: 'Install Mesa 25 or newer (Debian 12: apt-get install -t bookworm-backports mesa-vulkan-drivers), or take SwiftShader: npm install @infnet/swiftshader, INFNET_ADAPTER=swiftshader.',
    details: { manifests, mesaVersion: version },
  });
}

async function openSwiftShader(view: View): Promise<FoundAdapter> {
  const npm = await npmSwiftShader();
  if (npm.icdPath !== undefined) {
    const found = await openNpmSwiftShader(view, npm);
    if (found !== undefined) return found;
    throw notSeen(npm.icdPath);
  }
  const found = (await canLookAround()) ? await findAdapter(view, ['swiftshader']) : undefined;
  if (found !== undefined) return found;
  if (npm.installed && isInfnetError(npm.error)) throw npm.error;
  throw new InfnetError({
    code: 'DEVICE_NO_SWIFTSHADER',
    message: 'The software adapter SwiftShader is not installed.',
    fix: 'Run: npm install @infnet/swiftshader (Linux x64; a download of 66 MB).',
    cause: npm.error,
  });
}

async function openNpmSwiftShader(
  view: View,
  npm: Extract<NpmSwiftShader, { libraryDir: string }>,
): Promise<FoundAdapter | undefined> {
  if (!hasLoader()) loadLoader(npm.libraryDir);
  const found = await preferredAdapter({ ...view, driverFile: npm.icdPath });
  return found?.kind === 'swiftshader' ? found : undefined;
}

/**
 * Whether asking Dawn for the system's adapters can succeed. Where it cannot, Dawn would print warnings about it.
 * A container may have a GPU's driver but no Vulkan loader; the one from npm serves then.
 */
async function canLookAround(): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  if (icdFiles().length === 0) return false;
  if (hasLoader()) return true;
  const npm = await npmSwiftShader();
  return npm.icdPath !== undefined && loadLoader(npm.libraryDir);
}

function opened(found: FoundAdapter, why: string): Omit<OpenedAdapter, 'experimental'> {
  const { gpu, adapter, info } = found;
  const kind = found.kind as AdapterKind;
  const software = kind !== 'gpu';
  const name = describeAdapter(kind, info);
  const message = software ? `infnet: ${name} - ${why}; ${SLOW}` : `infnet: ${name}`;
  return { gpu, adapter, kind, software, message };
}

function readChoice(asked: AdapterChoice | undefined): { choice: AdapterChoice; askedBy: string } {
  const fromEnvironment = process.env['INFNET_ADAPTER'];
  const isFromEnvironment = asked === undefined && fromEnvironment !== undefined && fromEnvironment !== '';
  const value = isFromEnvironment ? fromEnvironment : (asked ?? 'auto');
  const choice = ADAPTER_CHOICES.find((known) => known === value);
  if (choice !== undefined) return { choice, askedBy: isFromEnvironment ? 'by INFNET_ADAPTER' : 'as asked' };
  throw new InfnetError({
    code: 'DEVICE_UNKNOWN_CHOICE',
    message: `There is no adapter '${value}'.`,
    where: isFromEnvironment ? 'the environment variable INFNET_ADAPTER' : 'the option adapter',
    fix: `Use one of ${ADAPTER_CHOICES.join(', ')}.`,
  });
}

/** The user's own setting may be the reason why nothing was found: say so. */
function hiddenBy(): string {
  const named = process.platform === 'linux' ? namedDriverFiles() : undefined;
  return named === undefined ? '' : ` VK_DRIVER_FILES restricts Vulkan to ${named}.`;
}

function howToGetSoftware(): string {
  return process.platform === 'linux' && process.arch === 'x64'
    ? 'Run: npm install @infnet/swiftshader (a software adapter, a download of 66 MB; nothing else is needed).'
    : process.platform === 'linux'
      ? 'Install Mesa 25 or newer (mesa-vulkan-drivers, libvulkan1), whose llvmpipe is a software adapter.'
      : 'On this platform a GPU is needed.';
}

function notSeen(icdPath: string): InfnetError {
  return new InfnetError({
    code: 'DEVICE_NO_SWIFTSHADER',
    message: isMainThread
      ? 'SwiftShader is unpacked, but Vulkan does not show it.'
      : 'SwiftShader is unpacked, but a worker thread with an environment of its own cannot show it to Vulkan.',
    where: icdPath,
    fix: isMainThread
      ? 'Delete that folder and try again; if it lies on a file system mounted noexec, set INFNET_CACHE_DIR to another.'
      : 'Start the worker with { env: SHARE_ENV } (from node:worker_threads), or open the adapter in the main thread.',
  });
}
