import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, openMultiClassDataset } from '@infnet/data';
import { folderSource } from '@infnet/node';
import { describe, expect, it } from 'vitest';
import { infnet, temporaryFolder } from './support.js';

const packages = join(import.meta.dirname, '..', '..');

describe('doctor', () => {
  it('--json has healthy, adapter, limits, features, findings, and a kernel that was compared', async () => {
    const { code, stdout, stderr } = await infnet(['doctor', '--json']);
    const report = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(report).toMatchObject({ command: 'doctor', healthy: true, kernel: { ok: true } });
    expect(report.adapter.kind).toBe(process.env['INFNET_ADAPTER']);
    expect(report.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
    expect(report.features).toContain('core-features-and-limits');
    expect(report.kernel.maxError).toBeLessThan(1e-4);
    expect(report.findings.length).toBeGreaterThan(0);
    for (const { severity, what } of report.findings) {
      expect(['problem', 'note', 'ok']).toContain(severity);
      expect(what).toMatch(/\w/);
    }
  });

  it('is not healthy without the adapter that was asked for, and says how to get it', async () => {
    const { code, stdout } = await infnet(['doctor', '--json', '--adapter', 'gpu']);
    const report = JSON.parse(stdout);
    if (report.healthy) return expect(code).toBe(0); // this machine has a GPU
    expect(code).toBe(2);
    expect(report).toMatchObject({ adapter: null, kernel: null });
    expect(report.findings[0]).toMatchObject({
      severity: 'problem',
      what: expect.stringContaining('no GPU'),
      fix: expect.stringContaining('driver'),
    });
  });
});

const built = existsSync(join(import.meta.dirname, '..', 'dist'));
describe.skipIf(!built)(`kernels${built ? '' : ' (skipped without npm run build)'}`, () => {
  it('lists every .wgsl file of the packages with its mathematics', async () => {
    const { code, stdout } = await infnet(['kernels', '--json']);
    expect(code).toBe(0);
    const { kernels } = JSON.parse(stdout) as { kernels: { name: string; package: string; mathematics: string }[] };
    // `testing` is private: it is not part of the product.
    const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        /^[\w-]+[\\/]src[\\/].*\.wgsl$/.test(file) && !file.endsWith('.part.wgsl') && !file.startsWith('testing'),
    );
    expect(kernels).toHaveLength(files.length);
    expect(new Set(kernels.map(({ name }) => name)).size).toBe(kernels.length);
    for (const kernel of kernels) {
      expect(kernel.name.startsWith(`${kernel.package.replace('@infnet/', '')}/`), kernel.name).toBe(true);
      expect(kernel.mathematics.length, kernel.name).toBeGreaterThan(10);
    }
    const text = await infnet(['kernels']);
    expect(text.stdout).toContain('conv/gemm');
  });

  it('prints the text that runs, with constants from Inf-Net or from flags', async () => {
    const { code, stdout } = await infnet(['kernels', '--print', 'conv/gemm-tiled']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\/\/ conv\/gemm-tiled, constants: .*TILE_M=/);
    expect(stdout).toContain('@compute');
    expect(stdout).not.toMatch(/^\s*#(for|if|end)/m);
    expect(stdout).not.toContain('$(');
    const sum = await infnet(['kernels', '--print', 'core/sum', '-D', 'COUNT=3']);
    expect(sum.stdout).toContain('var<storage, read> x2: array<f32>;');
    expect(sum.stdout).not.toContain('x3');
  });

  it('says what is missing or unknown, exit code 2', async () => {
    expect(await infnet(['kernels', '--print', 'gemm-tiled'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('conv/gemm-tiled'),
    });
    expect(await infnet(['kernels', '--print', 'core/sum'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('-D COUNT='),
    });
    expect(await infnet(['kernels', '--print', 'core/sum', '-D', 'COUNT=2', '-D', 'OTHER=1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no constant OTHER'),
    });
    expect(await infnet(['kernels', '-D', 'A=1'])).toMatchObject({ code: 2 });
  });
});

describe('phantom', () => {
  it('writes slices and masks of equal size, the same bytes for the same seed', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    const { code, stdout } = await infnet(['phantom', '--out', one, '--count', '2', '--seed', '7', '--json']);
    expect(code).toBe(0);
    await infnet(['phantom', '--out', two, '--count', '2', '--seed', '7']);
    const names = ['phantom-0007.png', 'phantom-0008.png'];
    expect(readdirSync(one)).toEqual(['masks', ...names]);
    expect(readdirSync(join(one, 'masks'))).toEqual(names);
    const { slices } = JSON.parse(stdout);
    for (const [i, name] of names.entries()) {
      const [slice, mask] = [join(one, name), join(one, 'masks', name)].map((file) => readFileSync(file)) as [
        Buffer,
        Buffer,
      ];
      expect(slice.equals(readFileSync(join(two, name)))).toBe(true);
      const [a, b] = [await decodeImage(new Uint8Array(slice)), await decodeImage(new Uint8Array(mask))];
      expect([a.width, a.height]).toEqual([b.width, b.height]);
      const infected = Array.from(b.data).reduce((sum, v) => sum + v / 255, 0);
      expect(slices[i].infectedFraction).toBeCloseTo(infected / b.data.length, 12);
    }
  });

  it('lays them out as a data set, with masks or without', async () => {
    const out = temporaryFolder();
    const made = async (layout: string, folder: string) =>
      infnet(['phantom', '--out', join(out, folder), '--count', '1', '--seed', '7', '--layout', layout]);
    expect((await made('dataset', 'set')).code).toBe(0);
    expect((await made('unlabelled', 'more')).code).toBe(0);
    const names = readdirSync(out, { recursive: true }).map(String).sort();
    expect(names.filter((name) => name.endsWith('.png'))).toEqual([
      join('more', 'Imgs', 'phantom-0007.png'),
      join('set', 'GT', 'phantom-0007.png'),
      join('set', 'Imgs', 'phantom-0007.png'),
    ]);
  });

  it('with classes: class maps for masks, the infection beside them as priors', async () => {
    const out = temporaryFolder();
    const kind = ['--kind', 'multi-class', '--count', '2', '--seed', '7', '--burden', '0.4'];
    const made = await infnet(['phantom', '--out', join(out, 'set'), '--layout', 'dataset', ...kind]);
    expect(made.code, made.stderr).toBe(0);
    const dataset = await openMultiClassDataset(folderSource(join(out, 'set')));
    expect(dataset.names).toEqual(['phantom-0007', 'phantom-0008']);
    for (const count of dataset.counts) expect(count).toBeGreaterThan(0);
    const { classes, prior } = await dataset.slice(0);
    expect(classes.data.every((k, i) => k > 0 === (prior.data[i] === 255))).toBe(true);
    await infnet(['phantom', '--out', join(out, 'slices'), ...kind]);
    expect(readdirSync(join(out, 'slices'))).toEqual(['masks', 'phantom-0007.png', 'phantom-0008.png', 'priors']);
    const refused = await infnet(['phantom', '--out', join(out, 'none'), '--layout', 'unlabelled', ...kind]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Unlabelled slices have no classes') });
    expect(existsSync(join(out, 'none'))).toBe(false);
  });
});
