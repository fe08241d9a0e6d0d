/** The report on this machine, and on one that is made bare. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdapterReport } from '../src/index.js';
import { canCover, without } from './children/bare-system.js';
import { hasLlvmpipe, hasNpmSwiftShader, type RunOptions, run } from './children/run.js';

async function report(options: RunOptions = {}): Promise<AdapterReport> {
  const ending = await run('diagnose.mjs', [], options);
  expect(ending, ending.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(ending.stdout) as AdapterReport;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infnet-diagnose-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('diagnose', () => {
  it('finds Dawn and what would be taken', async () => {
    const found = await report();
    expect(found.platform).toBe(`${process.platform}-${process.arch}`);
    expect(found.dawn).toMatchObject({ installed: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(found.taken).toHaveProperty('message');
    expect(found.findings.map((finding) => finding.severity)).not.toContain('problem');
  });

  it.skipIf(!hasNpmSwiftShader)('lists SwiftShader from npm (skipped elsewhere than on Linux x64)', async () => {
    const { adapters, swiftshader } = await report();
    expect(adapters.find((adapter) => adapter.kind === 'swiftshader')).toMatchObject({
      vendor: 'google',
      architecture: 'swiftshader',
      type: 'cpu',
      driver: expect.stringContaining('SwiftShader'),
      driverFile: swiftshader.icdPath,
    });
  });

  it.skipIf(!hasLlvmpipe)('lists llvmpipe with its Mesa version (skipped without Mesa 25 or newer)', async () => {
    const { adapters, drivers } = await report();
    expect(adapters.find((adapter) => adapter.kind === 'llvmpipe')).toMatchObject({ vendor: 'mesa', type: 'cpu' });
    const driver = drivers.find(({ path }) => path.includes('lvp_icd'));
    expect(driver).toMatchObject({ status: 'works', mesaVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  it.skipIf(!hasNpmSwiftShader)('says why a driver is of no use (skipped elsewhere than on Linux x64)', async () => {
    const icd = join(folder, 'broken_icd.json');
    const ICD = { library_path: '/nowhere/lib.so', api_version: '1.3.0' };
    await writeFile(icd, JSON.stringify({ file_format_version: '1.0.0', ICD }));
    const found = await report({ env: { VK_DRIVER_FILES: icd } });
    expect(found.environment).toMatchObject({ VK_DRIVER_FILES: icd });
    const driver = found.drivers.find(({ path }) => path === icd);
    expect(driver).toMatchObject({ status: 'broken', reason: expect.stringContaining('/nowhere/lib.so') });
    expect(found.findings).toContainEqual({
      severity: 'note',
      what: `${icd}: ${driver?.reason}`,
      fix: expect.stringContaining(icd),
    });
  });

  it.skipIf(!canCover)('says what to do on a bare machine (skipped where unshare is forbidden)', async () => {
    const bare = without({ loader: true, manifests: true });
    const found = await report({ before: bare, env: { INFNET_TEST_MISSING: '@infnet/swiftshader' } });
    expect(found).toMatchObject({ loader: 'missing', adapters: [], drivers: [], swiftshader: { installed: false } });
    expect(found.taken).toHaveProperty('error', expect.stringContaining('DEVICE_NO_ADAPTER'));
    expect(found.findings[0]).toMatchObject({
      severity: 'problem',
      fix: expect.stringContaining('npm install @infnet/swiftshader'),
    });
    for (const finding of found.findings) if (finding.severity !== 'ok') expect(finding.fix).toBeTruthy();
  });

  it.skipIf(!canCover || !hasNpmSwiftShader)(
    "finds SwiftShader with npm's loader on a bare machine (skipped where unshare is forbidden)",
    async () => {
      const found = await report({ before: without({ loader: true, manifests: true }) });
      expect(found.loader).toBe('npm');
      expect(found.adapters.map((adapter) => adapter.kind)).toEqual(['swiftshader']);
      expect(found.taken).toMatchObject({ kind: 'swiftshader' });
    },
  );
});
