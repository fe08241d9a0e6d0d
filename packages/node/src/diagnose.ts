/**
 * What this machine offers to WebGPU in Node, what it refuses and why, and how to mend it. Plain data for
 * `infnet doctor`; nothing is printed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isInfnetError } from '@infnet/errors';
import { adapterKind } from './adapter-kind.js';
import type { AdapterFinding, AdapterReport } from './adapter-report.js';
import { type DriverFinding, driverFinding } from './driver-finding.js';
import { findingsOf } from './findings.js';
import { type NpmSwiftShader, npmSwiftShader } from './npm-swiftshader.js';
import { openAdapter } from './open-adapter.js';
import { type Probe, type ProbedAdapter, probe } from './probe.js';
import { gpuDevices, hasLoader, icdFiles, installedIcdFiles } from './vulkan.js';

const VARIABLES = ['INFNET_ADAPTER', 'INFNET_CACHE_DIR', 'VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'LD_LIBRARY_PATH'];

/** Looks at this machine. Starts one short process per Vulkan driver; takes a second or two. Never throws. */
export async function diagnose(): Promise<AdapterReport> {
  const onLinux = process.platform === 'linux';
  const npm = await npmSwiftShader();
  const dawn = locateDawn();
  const loader = onLinux ? loaderFrom(npm) : undefined;
  const drivers: DriverFinding[] = [];
  const adapters: AdapterFinding[] = [];
  const take = (result: Probe, driverFile?: string): void => {
    for (const adapter of result.adapters) adapters.push(adapterFinding(adapter, driverFile));
  };
  if (dawn.url !== undefined && loader !== 'missing') {
    const loaderFolder = loader === 'npm' && npm.icdPath !== undefined ? npm.libraryDir : undefined;
    const ask = { dawn: dawn.url, loaderFolder };
    if (onLinux) {
      const own = npm.icdPath === undefined ? [] : [npm.icdPath];
      const files = [...new Set([...icdFiles(), ...installedIcdFiles(), ...own])];
      const probes = await Promise.all(files.map((driverFile) => probe({ ...ask, driverFile })));
      probes.forEach((result, i) => {
        const file = files[i] ?? '';
        drivers.push(driverFinding(file, result));
        take(result, file);
      });
    } else take(await probe(ask));
  }
  const report = {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    dawn: { installed: dawn.url !== undefined, version: dawn.version, reason: dawn.reason },
    loader,
    environment: environment(),
    gpuDevices: gpuDevices(),
    adapters,
    drivers,
    swiftshader: swiftShaderFinding(npm),
    taken: await taken(),
  };
  return { ...report, findings: findingsOf(report) };
}

function adapterFinding(adapter: ProbedAdapter, driverFile: string | undefined): AdapterFinding {
  const kind = adapterKind(adapter);
  const type = adapter.isFallbackAdapter || (kind !== undefined && kind !== 'gpu') ? 'cpu' : 'gpu';
  return { ...adapter, kind, type, driver: adapter.description, driverFile };
}

function locateDawn(): { url?: string; version?: string; reason?: string } {
  try {
    const entry = createRequire(import.meta.url).resolve('webgpu');
    const manifest = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8')) as { version?: string };
    return { url: pathToFileURL(entry).href, version: manifest.version };
  } catch (error) {
    return { reason: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

function loaderFrom(npm: NpmSwiftShader): 'system' | 'npm' | 'missing' {
  if (hasLoader()) return 'system';
  return npm.icdPath === undefined ? 'missing' : 'npm';
}

function environment(): Record<string, string> {
  return Object.fromEntries(VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function swiftShaderFinding(npm: NpmSwiftShader): AdapterReport['swiftshader'] {
  if (npm.icdPath !== undefined) return { installed: true, icdPath: npm.icdPath };
  const reason = npm.installed ? reasonOf(npm.error) : 'the package is not installed';
  return { installed: npm.installed, reason };
}

async function taken(): Promise<AdapterReport['taken']> {
  try {
    const { kind, message } = await openAdapter();
    return { kind, message };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return isInfnetError(error) || error instanceof Error ? error.message : String(error);
}
