/** What came of one Vulkan driver, in words. */
import type { Probe } from './probe.js';
import { isLlvmpipeIcd, libraryOf, mesaVersion } from './vulkan.js';

export interface DriverFinding {
  /** The manifest (ICD file). */
  readonly path: string;
  /** The library that it names. */
  readonly library?: string;
  /** The Mesa version inside the library, where there is one. */
  readonly mesaVersion?: string;
  /**
   * `works`: it gave an adapter. `no-device`: the driver is fine, its hardware is not in this machine.
   * `refused`: it has a device, but WebGPU cannot use it. `broken`: it cannot be loaded, or crashed.
   */
  readonly status: 'works' | 'no-device' | 'refused' | 'broken';
  /** Why it gives no adapter. */
  readonly reason?: string;
  readonly fix?: string;
}

/** Complaints that accompany every failure and do not say why. */
const EMPTY_COMPLAINT = /^(vk\w+( failed with \w+)?$|\w+: Found no drivers|loader_icd_scan: Failed loading)/;
/** The driver was started and found nothing to drive. */
const NO_DEVICE = /Failed to detect any valid GPUs|VK_ERROR_INITIALIZATION_FAILED|^terminator_CreateInstance/;
/** The loader got no driver out of the manifest. */
const NOT_LOADED = /^vkCreateInstance: Found no drivers/;

/** Judges the manifest `path` by the answer of its {@link Probe}. */
export function driverFinding(path: string, result: Probe): DriverFinding {
  const manifest = libraryOf(path);
  const version = manifest.library === undefined ? undefined : mesaVersion(manifest.library);
  const about = { path, library: manifest.library, mesaVersion: version };
  if (result.adapters.length > 0) return { ...about, status: 'works' };
  if (manifest.reason !== undefined) return broken(about, `The manifest cannot be used: ${manifest.reason}.`);
  if (result.failure !== undefined) return broken(about, `Asked for its devices, ${result.failure}.`);
  const complaint = result.complaints.find((sentence) => !EMPTY_COMPLAINT.test(sentence));
  if (result.complaints.some((sentence) => NOT_LOADED.test(sentence))) {
    return broken(about, `It cannot be loaded: ${complaint ?? 'the Vulkan loader does not accept the manifest'}.`);
  }
  if (complaint === undefined || NO_DEVICE.test(complaint)) {
    return { ...about, status: 'no-device', reason: 'Its hardware is not in this machine.' };
  }
  const mesa = version === undefined ? '' : ` of Mesa ${version}`;
  const software = isLlvmpipeIcd(path) || manifest.library?.includes('libvulkan_lvp') === true;
  return {
    ...about,
    status: 'refused',
    reason: `Dawn refuses this driver${mesa}: ${complaint}`,
    fix: software
      ? 'Install Mesa 25 or newer (Debian 12: apt-get install -t bookworm-backports mesa-vulkan-drivers), or run: npm install @infnet/swiftshader.'
      : `Update the package that holds ${manifest.library ?? path}.`,
  };
}

function broken(about: Omit<DriverFinding, 'status'>, reason: string): DriverFinding {
  const fix = `Install the package that holds ${about.library ?? about.path} again, or remove ${about.path}.`;
  return { ...about, status: 'broken', reason, fix };
}
