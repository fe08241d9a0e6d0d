/** A task of one's own, driven from the command line: slices and a volume, scores, labels, ONNX. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { main } from '@infnet/cli';
import { initialValues } from '@infnet/core';
import {
  countClasses,
  decodeImage,
  encodeClassMap,
  encodePng,
  phantomSlice,
  readClassMap,
  readNifti,
} from '@infnet/data';
import { NET_OPTIONS, TASK_NAME } from '@infnet/segmentation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CustomNet } from '../../custom-net/src/net.js';

const TASK = fileURLToPath(new URL('../src/task.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'infnet-own-task-'));
const weights = join(folder, 'w.safetensors');
const at = (...parts: readonly string[]): string => join(folder, ...parts);

function write(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), bytes);
}

async function infnet(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  };
  const code = await main(args, io);
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** A NIfTI volume of int16, as scanners write them. */
function volume(width: number, height: number, depth: number): Uint8Array {
  const bytes = new Uint8Array(352 + 2 * width * height * depth);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  for (const [i, n] of [3, width, height, depth, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * i, n, true);
  view.setInt16(70, 4, true);
  view.setInt16(72, 16, true);
  for (const [i, mm] of [1, 0.8, 0.8, 5].entries()) view.setFloat32(76 + 4 * i, mm, true);
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  bytes[123] = 2;
  bytes.set([0x6e, 0x2b, 0x31], 344);
  for (let i = 0; i < width * height * depth; i++) {
    view.setInt16(352 + 2 * i, Math.round(500 * Math.sin(i / 9) - 600), true);
  }
  return bytes;
}

beforeAll(() => {
  const tensors = new CustomNet(8, 3).stateDictSpec().map(({ name, shape, parameter }): WritableTensor => {
    return { name, shape, data: parameter.dtype === 'i32' ? new BigInt64Array(1) : initialValues(parameter, 1) };
  });
  write('w.safetensors', writeSafetensors(tensors, { [TASK_NAME]: 'lesions', [NET_OPTIONS]: '{"width":8}' }));
  for (let i = 0; i < 3; i++) {
    const { image, classes } = phantomSlice(60 + i, { width: 64 + i, height: 70, burden: 0.4 });
    write(`set/Imgs/${i}.png`, encodePng(image));
    write(`set/GT/${i}.png`, encodeClassMap(classes));
    write(`slices/${i}.png`, encodePng(image));
  }
  write('slices/v.nii', volume(40, 36, 3));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const common = ['--task', TASK, '--weights', weights, '--size', '32'];

it('trains, goes on from where it stopped, and its weights segment a volume', async () => {
  const train = ['train', '--task', TASK, '--data', at('set'), '--size', '32', '--batch', '2', '--validate', '2'];
  const whole = await infnet(...train, '--epochs', '2', '--out', at('whole'));
  expect(whole.code, whole.stderr).toBe(0);
  const half = await infnet(...train, '--epochs', '1', '--out', at('run'));
  expect(half.code, half.stderr).toBe(0);
  const resumed = await infnet('train', '--out', at('run'), '--resume', '--epochs', '2');
  expect(resumed.code, resumed.stderr).toBe(0);
  const final = (run: string): string => at(run, 'checkpoints', 'final.safetensors');
  expect(readFileSync(final('run')).equals(readFileSync(final('whole')))).toBe(true);
  const options = ['--task', TASK, '--weights', final('run'), '--size', '32', '--out', at('trained'), '--json'];
  const { code, stdout, stderr } = await infnet('segment', at('slices', 'v.nii'), ...options);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ weights: { task: 'lesions' }, volumes: [{ axis: 'k' }] });
});

it('segments slices and a volume: class maps, overlays, shares of each class, provenance', async () => {
  const { code, stdout, stderr } = await infnet('segment', at('slices'), ...common, '--out', at('out'), '--json');
  expect(code, stderr).toBe(0);
  const { slices, volumes, weights: told, settings, provenance } = JSON.parse(stdout);
  expect(told).toMatchObject({ task: 'lesions', width: 8 });
  expect(settings).toMatchObject({ task: 'lesions', window: [-1100, 300] });
  expect(provenance).toMatchObject({ net: 'lesions, width 8' });
  const map = readClassMap(await decodeImage(new Uint8Array(readFileSync(at('out', '1.classes.png')))));
  const [, glass, solid] = 'classes' in map ? countClasses(map.classes) : expect.fail(map.foreign);
  expect(slices[1]).toMatchObject({ width: 65, groundGlassPixels: glass, consolidationPixels: solid });
  const { data } = readNifti(new Uint8Array(readFileSync(at('out', 'v.classes.nii.gz'))), 'v');
  const found = [0, 1, 2].map((k) => data.filter((value) => value === k).length);
  expect(found.reduce((a, b) => a + b)).toBe(40 * 36 * 3);
  expect(volumes).toMatchObject([
    {
      axis: 'k',
      groundGlassVoxels: found[1],
      consolidationVoxels: found[2],
      consolidationMillilitres: expect.any(Number),
    },
  ]);
  const [header] = readFileSync(at('out', 'summary.csv'), 'utf8').split('\n');
  expect(header).toContain('file,slice,width,height,ground_glass_pixels,ground_glass_fraction,ground_glass_ml,consol');
});

it('evaluates, labels, and exports', async () => {
  const scored = await infnet('evaluate', ...common, '--data', at('set'), '--json');
  expect(scored.code, scored.stderr).toBe(0);
  expect(JSON.parse(scored.stdout)).toMatchObject({ images: 3, classes: [{}, { name: 'ground-glass' }, {}] });
  const labelled = await infnet('pseudo-label', ...common, '--data', at('set'), '--out', at('labelled'));
  expect(labelled.code, labelled.stderr).toBe(0);
  expect(readdirSync(at('labelled', 'GT'))).toEqual(['0.png', '1.png', '2.png']);
  const exported = await infnet('export', ...common, '--out', at('net.onnx'));
  expect(exported.code, exported.stderr).toBe(0);
  expect(exported.stdout).toMatch(/image \[1, 1, 32, 32\] to probability of [^,]+, ground-glass, [^,]+ \(/);
});

it('says which field of a module is wrong, and whose weights others are', async () => {
  writeFileSync(at('bad.mjs'), "export default { name: 'x', summary: 'y', classes: [] };\n");
  const bad = await infnet('segment', at('slices'), '--task', at('bad.mjs'), '--weights', weights, '--out', at('no'));
  expect(bad.stderr).toMatch(/\[TASK_FIELD\].*companions is missing, it must be a list/s);
  const none = await infnet('segment', at('slices'), '--task', at('no.mjs'), '--weights', weights, '--out', at('no'));
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('[CLI_TASK]')]);
  expect(existsSync(at('no'))).toBe(false);
  const other = await infnet('segment', at('slices'), '--weights', weights, '--size', '32', '--out', at('no'));
  expect(other.stderr).toContain('[CLI_BACKBONE]');
});

it('is said in under 60 lines', () => {
  expect(readFileSync(TASK, 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
});
