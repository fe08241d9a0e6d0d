/** Devices that go away, and too little memory: what segment, evaluate and pseudo-label make of it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';
import { isLong, writeTorchZip } from '@infnet/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { globals } from 'webgpu';
import { infnet, phantomPng, type Ran, recipeWeights, temporaryFolder, write } from './support.js';

/** The fewest layers: most of the time is compiling, for every device anew. */
const NET = { backbone: 'vgg16', width: 0.125, channels: 8 } as const;
const folder = temporaryFolder();
const weights = join(folder, 'w.pth');
writeFileSync(weights, writeTorchZip(recipeWeights(NET)));
const seeds = [1, 2, 3];
const filled = (name: string, bytesOf: (seed: number) => Uint8Array): string => {
  mkdirSync(join(folder, 'data', name), { recursive: true });
  return write(join(folder, 'data', name), Object.fromEntries(seeds.map((seed) => [`${seed}.png`, bytesOf(seed)])));
};
const slices = filled('Imgs', (seed) => phantomPng(seed, 90, 75));
filled('GT', (seed) => encodePng(phantomSlice(seed, { width: 90, height: 75 }).infection));

const COMMANDS = {
  segment: (out: string) => ['segment', slices, '--out', out],
  evaluate: () => ['evaluate', '--data', join(folder, 'data')],
  'pseudo-label': (out: string) => ['pseudo-label', '--data', slices, '--out', out],
};
type Command = keyof typeof COMMANDS;
const names = Object.keys(COMMANDS) as Command[];
const run = (name: Command, out: string, size = 32): Promise<Ran> =>
  infnet([...COMMANDS[name](out), '--weights', weights, '--size', String(size), '--batch', '2', '--json']);

/** What a command found: its pictures and figures. */
function found(out: string, { stdout }: Ran): unknown {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.png'));
  const own = files.map((path) => join(folder, path)).filter((path) => path.startsWith(out));
  const pictures = own.sort().map((path) => [path.slice(out.length), readFileSync(path).toString('base64')]);
  const timeless = stdout.replaceAll(out, '').replace(/"(time|seconds)": ?[^,}\n]*/g, '"$1": 0');
  return [pictures, JSON.parse(timeless).slices];
}

/** Puts another method in place of one of WebGPU's classes; gives the one that was there. */
function replaced(name: 'GPUAdapter' | 'GPUQueue', method: string, make: (original: Method) => Method): () => void {
  const { prototype } = (globals as unknown as Record<string, { readonly prototype: Record<string, Method> }>)[
    name
  ] as { readonly prototype: Record<string, Method> };
  const original = prototype[method] as Method;
  prototype[method] = make(original);
  return () => {
    prototype[method] = original;
  };
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

describe('a device that is lost', () => {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const each of undo.splice(0)) each();
  });

  /** Devices are lost at these submits, counted on through all of them; gives how many were opened. */
  function lose(...moments: number[]): () => number {
    const devices: GPUDevice[] = [];
    let submits = 0;
    undo.push(
      replaced(
        'GPUAdapter',
        'requestDevice',
        (original) =>
          async function (...given) {
            const device = (await original.apply(this, given)) as GPUDevice;
            devices.push(device);
            return device;
          },
      ),
      replaced(
        'GPUQueue',
        'submit',
        (original) =>
          function (...given) {
            original.apply(this, given);
            if (moments.includes(++submits)) queueMicrotask(() => devices.at(-1)?.destroy());
          },
      ),
    );
    return () => devices.length;
  }

  it.each(isLong ? names : (['evaluate', 'pseudo-label'] as const))(
    '%s takes another one, repeats the batch, and finds the same',
    async (name) => {
      const [whole, harmed] = [join(folder, `${name}-whole`), join(folder, `${name}-harmed`)];
      const submits = lose();
      const undisturbed = await run(name, whole);
      expect([undisturbed.code, submits()]).toEqual([0, 1]);
      for (const each of undo.splice(0)) each();
      const opened = lose(2);
      const disturbed = await run(name, harmed);
      expect(disturbed.code, disturbed.stderr).toBe(0);
      expect(opened()).toBe(2);
      expect(disturbed.stderr).toMatch(/lost/);
      expect(found(harmed, disturbed)).toEqual(found(whole, undisturbed));
    },
  );
});

describe('too little memory', () => {
  afterEach(() => {
    delete process.env['INFNET_MEMORY'];
  });

  it.each(isLong ? names : (['segment'] as const))('%s says which size fits, and that is true', async (name) => {
    process.env['INFNET_MEMORY'] = '9';
    const out = join(folder, `${name}-small`);
    const { code, stdout, stderr } = await run(name, out, 256);
    expect(code).not.toBe(0);
    const told = `${stdout}${stderr}`;
    expect(told).toMatch(/MEMORY_FREE/);
    expect(told).not.toMatch(/\{ memoryLimit|maps of/);
    const size = Number(/--size (\d+)/.exec(told)?.[1]);
    expect(size).toBeGreaterThan(31);
    expect(size).toBeLessThan(256);
    expect((await run(name, `${out}-fitting`, size)).code).toBe(0);
    expect((await run(name, `${out}-larger`, size + 32)).code).not.toBe(0);
  });
});
