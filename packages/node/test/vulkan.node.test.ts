import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adapterKind, describeAdapter } from '../src/adapter-kind.js';
import { driverFinding } from '../src/driver-finding.js';
import { namesInMessage } from '../src/enumerate.js';
import { complaintsIn } from '../src/probe.js';
import { icdFiles, installedIcdFiles, libraryOf, mesaVersion, withDriverFiles } from '../src/vulkan.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infnet-vulkan-'));
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'LD_LIBRARY_PATH']) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function manifest(path: string, library: string): Promise<void> {
  await writeFile(path, JSON.stringify({ ICD: { library_path: library } }));
}

describe('manifests', () => {
  it('are read from the folders of the loader, or from those that the environment names', async () => {
    const icds = join(folder, 'vulkan', 'icd.d');
    await mkdir(icds, { recursive: true });
    await writeFile(join(icds, 'b.json'), '{}');
    await writeFile(join(icds, 'a.json'), '{}');
    await writeFile(join(icds, 'readme.txt'), '');
    vi.stubEnv('XDG_DATA_DIRS', `${folder}:/nowhere`);
    expect(installedIcdFiles()).toEqual(expect.arrayContaining([join(icds, 'a.json'), join(icds, 'b.json')]));
    vi.stubEnv('VK_ICD_FILENAMES', '/x/one.json');
    expect(icdFiles()).toEqual(['/x/one.json']);
    vi.stubEnv('VK_DRIVER_FILES', `/y/two.json:${icds}`);
    expect(icdFiles()).toEqual(['/y/two.json', join(icds, 'a.json'), join(icds, 'b.json')]);
  });

  it('are limited to one for the time of a call, also when it throws', () => {
    vi.stubEnv('VK_ICD_FILENAMES', '/x/one.json');
    const inside = () => [process.env['VK_DRIVER_FILES'], process.env['VK_ICD_FILENAMES']];
    expect(withDriverFiles('/z.json', inside)).toEqual(['/z.json', '/z.json']);
    expect(() =>
      withDriverFiles('/z.json', () => {
        throw new Error('from Vulkan');
      }),
    ).toThrow();
    expect(inside()).toEqual([undefined, '/x/one.json']);
  });

  it('name a library: absolute, beside the manifest, or one that the system finds', async () => {
    const icd = join(folder, 'x.json');
    await manifest(icd, '/lib/driver.so');
    expect(libraryOf(icd)).toEqual({ library: '/lib/driver.so' });
    await manifest(icd, './driver.so');
    expect(libraryOf(icd)).toEqual({ library: join(folder, 'driver.so') });
    await writeFile(join(folder, 'driver.so'), '');
    vi.stubEnv('LD_LIBRARY_PATH', folder);
    await manifest(icd, 'driver.so');
    expect(libraryOf(icd)).toEqual({ library: join(folder, 'driver.so') });
    await writeFile(icd, '{');
    expect(libraryOf(icd).reason).toMatch(/JSON/);
    expect(libraryOf(join(folder, 'missing.json')).reason).toMatch(/ENOENT/);
  });
});

describe('driverFinding', () => {
  /** What Dawn 0.6.2 printed with bookworm's Mesa 22.3.6. */
  const OLD_MESA = `Warning: Vulkan shaderUniform*ArrayDynamicIndexing required.
 - While initializing adapter (backend=BackendType::Vulkan)
    at InitializeImpl (/third_party/dawn/src/dawn/native/vulkan/PhysicalDeviceVk.cpp:257)

`;
  const NO_HARDWARE = `Error: Loader Message: setup_loader_term_phys_devs:  Failed to detect any valid GPUs in the current config
Warning: vkEnumeratePhysicalDevices
    at GatherPhysicalDevices (/third_party/dawn/src/dawn/native/vulkan/VulkanInfo.cpp:147)
`;
  const NO_LIBRARY = `Warning: /nope/lib.so: cannot open shared object file: No such file or directory
Warning: loader_icd_scan: Failed loading library associated with ICD JSON /nope/lib.so. Ignoring this JSON
Warning: vkCreateInstance: Found no drivers!
Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER
`;
  const judge = (icd: string, stderr: string) => driverFinding(icd, { adapters: [], complaints: complaintsIn(stderr) });

  it('says that a Mesa is too old, which one it is, and what to install', async () => {
    const icd = join(folder, 'lvp_icd.x86_64.json');
    await manifest(icd, './libvulkan_lvp.so');
    await writeFile(join(folder, 'libvulkan_lvp.so'), Buffer.from('\x7fELF\0\0Mesa 22.3.6 (LLVM 15.0.6)\0'));
    expect(mesaVersion(join(folder, 'libvulkan_lvp.so'))).toBe('22.3.6');
    expect(judge(icd, OLD_MESA)).toMatchObject({
      status: 'refused',
      mesaVersion: '22.3.6',
      reason: 'Dawn refuses this driver of Mesa 22.3.6: Vulkan shaderUniform*ArrayDynamicIndexing required.',
      fix: expect.stringContaining('Mesa 25'),
    });
  });

  it('tells missing hardware from a driver that cannot be loaded or crashes', async () => {
    const icd = join(folder, 'x_icd.json');
    await manifest(icd, '/nope/lib.so');
    expect(judge(icd, NO_HARDWARE).status).toBe('no-device');
    expect(judge(icd, '').status).toBe('no-device');
    expect(judge(icd, NO_LIBRARY)).toMatchObject({ status: 'broken', reason: expect.stringContaining('/nope/lib.so') });
    const noManifest = judge(icd, 'Warning: vkCreateInstance: Found no drivers!\n');
    expect(noManifest).toMatchObject({ status: 'broken', reason: expect.stringContaining('accept the manifest') });
    const crashed = { adapters: [], complaints: [], failure: 'the process crashed with SIGSEGV' };
    expect(driverFinding(icd, crashed)).toMatchObject({ status: 'broken', reason: expect.stringContaining('SIGSEGV') });
  });

  it('does not take warnings about limits for a reason', () => {
    const limits =
      'Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit.\n';
    expect(complaintsIn(limits)).toEqual([]);
  });
});

describe('adapters', () => {
  const info = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false };
  const llvmpipe = {
    vendor: 'mesa',
    architecture: 'software',
    device: 'llvmpipe-llvm-15-0-6-256-bits-',
    description: 'llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1',
    isFallbackAdapter: true,
  };

  it('are known by their info', () => {
    const swiftshader = { ...info, vendor: 'google', architecture: 'swiftshader', isFallbackAdapter: true };
    const warp = { ...info, vendor: 'microsoft', description: 'Basic Render Driver', isFallbackAdapter: true };
    const nvidia = { ...info, vendor: 'nvidia', architecture: 'hopper', device: 'nvidia-h100', description: 'NVIDIA' };
    expect([llvmpipe, swiftshader, warp, nvidia, { ...info, device: 'null-backend' }].map(adapterKind)).toEqual([
      'llvmpipe',
      'swiftshader',
      undefined,
      'gpu',
      undefined,
    ]);
    expect(describeAdapter('llvmpipe', llvmpipe)).toBe('llvmpipe (software, CPU, Mesa 25.0.7)');
    expect(describeAdapter('gpu', nvidia)).toBe('nvidia-h100 (nvidia hopper)');
    expect(describeAdapter('gpu', info)).toBe('GPU');
  });

  it('are listed by the message of a failed request', () => {
    const message = `no suitable backends found
Available adapters:
 * backend: 'vulkan', name: 'SwiftShader Device (Subzero)'
 * backend: 'vulkan', name: 'Bob's GPU'`;
    expect(namesInMessage(message)).toEqual(['SwiftShader Device (Subzero)', "Bob's GPU"]);
    expect(namesInMessage('another failure')).toEqual([]);
  });
});
