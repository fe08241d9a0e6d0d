/** Which adapter is taken, and what is said when there is none. Each case is a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flagsFor } from '../src/experimental.js';
import { canCover, without } from './children/bare-system.js';
import { hasLlvmpipe, hasNpmSwiftShader, run } from './children/run.js';

const LLVMPIPE_ICD = '/usr/share/vulkan/icd.d/lvp_icd.json';

interface Answer {
  kind?: string;
  software?: boolean;
  message: string;
  sum?: number;
  environmentKept?: boolean;
  experimental?: object;
  /** Whether Dawn shows experimental features. */
  unsafe?: boolean;
  code?: string;
  where?: string;
  fix?: string;
}

async function open(
  options: object,
  env: Record<string, string> = {},
  before: readonly string[] = [],
): Promise<Answer & { stderr: string }> {
  const ending = await run('open.mjs', [JSON.stringify(options)], { env, before });
  expect(ending, ending.stderr).toMatchObject({ code: 0, signal: null });
  return { ...(JSON.parse(ending.stdout) as Answer), stderr: ending.stderr };
}

let folder: string;
let brokenIcd: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infnet-open-'));
  brokenIcd = join(folder, 'broken_icd.json');
  const ICD = { library_path: '/nowhere/libvulkan_nothing.so', api_version: '1.3.0' };
  await writeFile(brokenIcd, JSON.stringify({ file_format_version: '1.0.0', ICD }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!hasNpmSwiftShader)('SwiftShader from npm (skipped elsewhere than on Linux x64)', () => {
  const taken = { kind: 'swiftshader', software: true, sum: 42, environmentKept: true };

  it('is taken when asked for, by the option or by INFNET_ADAPTER; the option wins', async () => {
    const byOption = await open({ adapter: 'swiftshader' }, { INFNET_ADAPTER: 'gpu' });
    expect(byOption).toMatchObject(taken);
    expect(byOption.message).toBe(
      'infnet: SwiftShader (software, CPU) - as asked; expect it to be 50 to 1000 times slower than a GPU',
    );
    const byEnvironment = await open({}, { INFNET_ADAPTER: 'swiftshader' });
    expect(byEnvironment).toMatchObject(taken);
    expect(byEnvironment.message).toContain('by INFNET_ADAPTER');
  });

  it('shows experimental features only when asked, by the option or by INFNET_EXPERIMENTAL; the option wins', async () => {
    const options = { adapter: 'swiftshader' };
    const asked = { experimental: { subgroupMatrix: true }, unsafe: true };
    const notAsked = { experimental: {}, unsafe: false };
    const byEnvironment = { INFNET_EXPERIMENTAL: 'subgroup-matrix' };
    expect(await open(options)).toMatchObject(notAsked);
    const dawnFlags = ['enable-dawn-features=use_user_defined_labels_in_backend'];
    expect(await open({ ...options, dawnFlags, experimental: { subgroupMatrix: true } })).toMatchObject(asked);
    expect(await open(options, byEnvironment)).toMatchObject(asked);
    expect(await open({ ...options, experimental: {} }, byEnvironment)).toMatchObject(notAsked);
  });

  it('is taken when the drivers that VK_DRIVER_FILES names give nothing', async () => {
    const answer = await open({}, { VK_DRIVER_FILES: brokenIcd });
    expect(answer).toMatchObject(taken);
    expect(answer.message).toContain('no GPU found');
    expect(answer.message.split('\n').length).toBe(1);
  });

  it.skipIf(!canCover)('serves a machine without loader and drivers (skipped where unshare is forbidden)', async () => {
    const answer = await open({}, {}, without({ loader: true, manifests: true }));
    expect(answer).toMatchObject(taken);
    expect(answer.message).toContain('no GPU found');
    expect(answer.stderr).toBe('');
  });

  it.skipIf(!canCover || !hasLlvmpipe)(
    'lends its loader to the drivers of a system that has none (skipped without unshare and llvmpipe)',
    async () => {
      const answer = await open({ adapter: 'llvmpipe' }, {}, without({ loader: true, manifests: false }));
      expect(answer).toMatchObject({ kind: 'llvmpipe', sum: 42 });
    },
  );

  it('works in a worker thread that shares the environment, and says why in one that does not', async () => {
    const options = { adapter: 'swiftshader' };
    expect(await open(options, { INFNET_TEST_WORKER: 'shared' })).toMatchObject(taken);
    const own = await open(options, { INFNET_TEST_WORKER: 'own', VK_DRIVER_FILES: brokenIcd });
    expect(own).toMatchObject({ code: 'DEVICE_NO_SWIFTSHADER' });
    expect(own.fix).toContain('SHARE_ENV');
  });
});

describe.skipIf(!hasLlvmpipe)('llvmpipe (skipped without Mesa 25 or newer)', () => {
  const taken = { kind: 'llvmpipe', software: true, sum: 42, environmentKept: true };

  it('is taken when asked for, also when VK_DRIVER_FILES hides it', async () => {
    expect(await open({ adapter: 'llvmpipe' })).toMatchObject(taken);
    const hidden = await open({ adapter: 'llvmpipe' }, { VK_DRIVER_FILES: brokenIcd });
    expect(hidden).toMatchObject(taken);
    expect(hidden.message).toMatch(/^infnet: llvmpipe \(software, CPU, Mesa \d+\.\d+\.\d+\) - as asked; expect it/);
  });

  it('goes before SwiftShader when there is no GPU', async () => {
    const answer = await open({}, { VK_DRIVER_FILES: LLVMPIPE_ICD });
    expect(answer).toMatchObject(taken);
    expect(answer.message).toContain('no GPU found');
  });

  it('is found beside another driver that Dawn lists first', async () => {
    const swiftshader = await import('@infnet/swiftshader');
    const { icdPath } = await swiftshader.swiftshader();
    const both = { VK_DRIVER_FILES: `${LLVMPIPE_ICD}:${icdPath}` };
    expect(await open({ adapter: 'llvmpipe' }, both)).toMatchObject(taken);
    expect(await open({}, both)).toMatchObject(taken);
  });
});

it('flags of the caller are kept beside the one for experiments, under one key', () => {
  const flags = ['adapter=x', 'enable-dawn-features=a,b'];
  expect(flagsFor({}, flags)).toEqual(flags);
  expect(flagsFor({ subgroupMatrix: true }, flags)).toEqual([...flags, 'enable-dawn-features=a,b,allow_unsafe_apis']);
  expect(flagsFor({ subgroupMatrix: true }, [])).toEqual(['enable-dawn-features=allow_unsafe_apis']);
});

describe('errors', () => {
  it('names the experiments when INFNET_EXPERIMENTAL has one that is none', async () => {
    const answer = await open({}, { INFNET_EXPERIMENTAL: 'subgroup-matrix,tensor-cores' });
    expect(answer).toMatchObject({
      code: 'DEVICE_UNKNOWN_EXPERIMENT',
      where: 'the environment variable INFNET_EXPERIMENTAL',
    });
    expect(answer.message).toContain("'tensor-cores'");
    expect(answer.fix).toContain('subgroup-matrix');
  });

  it('names the choices when INFNET_ADAPTER is none of them', async () => {
    const answer = await open({}, { INFNET_ADAPTER: 'cuda' });
    expect(answer).toMatchObject({ code: 'DEVICE_UNKNOWN_CHOICE', where: 'the environment variable INFNET_ADAPTER' });
    expect(answer.fix).toBe('Use one of auto, gpu, llvmpipe, swiftshader.');
  });

  it('does not take a CPU for a GPU', async () => {
    const answer = await open({ adapter: 'gpu' }, { VK_DRIVER_FILES: LLVMPIPE_ICD });
    expect(answer.code).toBe('DEVICE_NO_GPU');
    expect(answer.message).toContain(`restricts Vulkan to ${LLVMPIPE_ICD}`);
    expect(answer.fix).toContain('INFNET_ADAPTER=auto');
  });

  it.skipIf(!canCover)('says what to install on a bare machine (skipped where unshare is forbidden)', async () => {
    const bare = without({ loader: true, manifests: true });
    const answer = await open({}, { INFNET_TEST_MISSING: '@infnet/swiftshader' }, bare);
    expect(answer.code).toBe('DEVICE_NO_ADAPTER');
    expect(answer.fix).toContain('npm install @infnet/swiftshader');
    expect(answer.stderr).toBe('');
  });

  it('says what to install when SwiftShader or Dawn itself is missing', async () => {
    const noSwiftShader = await open(
      { adapter: 'swiftshader' },
      { INFNET_TEST_MISSING: '@infnet/swiftshader', VK_DRIVER_FILES: brokenIcd },
    );
    expect(noSwiftShader.code).toBe('DEVICE_NO_SWIFTSHADER');
    expect(noSwiftShader.fix).toContain('npm install @infnet/swiftshader');
    const noDawn = await open({}, { INFNET_TEST_MISSING: 'webgpu' });
    expect(noDawn).toMatchObject({ code: 'DEVICE_DAWN_NOT_LOADED', fix: 'Run: npm install webgpu' });
  });

  it.skipIf(!canCover)('says what to install without llvmpipe (skipped where unshare is forbidden)', async () => {
    const answer = await open({ adapter: 'llvmpipe' }, {}, without({ loader: false, manifests: true }));
    expect(answer.code).toBe('DEVICE_NO_LLVMPIPE');
    expect(answer.fix).toContain('Mesa 25');
  });
});
