/**
 * The peers in headless Chromium: they load from this machine's disk, compute what we compute in Node, and time
 * themselves.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../src/peers/alternate.js';
import { Answerer } from '../src/peers/answerer.js';
import { browserFlags, descendantBytes } from '../src/peers/chromium/browser.js';
import { ChromiumPeer } from '../src/peers/chromium/peer.js';
import { InfnetPeer } from '../src/peers/infnet.js';
import { peerVersion } from '../src/peers/installed.js';
import type { ChromiumPeerName, Loaded, Prepared, Request, Workload } from '../src/peers/protocol.js';
import { resultsOf } from '../src/peers/results.js';

const LAYER: Workload = {
  kind: 'layer',
  copies: 2,
  input: [1, 3, 7, 6],
  weight: [4, 3, 3, 3],
  stride: [2, 2],
  padding: [1, 1, 1, 1],
  dilation: [1, 1],
  groups: 1,
};
const WORKLOADS: readonly Workload[] = [{ kind: 'chain', length: 3 }, LAYER];

const PEERS: readonly (readonly [name: ChromiumPeerName, library: string | undefined, description: RegExp])[] = [
  ['infnet-chromium', undefined, /, in Chromium \d/],
  ['tfjs-chromium', '@tensorflow/tfjs-backend-webgpu', /^tfjs \d.*WebGPU backend.*, in Chromium \d/],
  ['ort-chromium', 'onnxruntime-web', /^onnxruntime-web \d.*WebGPU provider.*, in Chromium \d/],
];

function whyNot(library: string | undefined): string | undefined {
  const isBundled = process.platform === 'linux' && process.arch === 'x64';
  if (!isBundled && process.env['INFNET_CHROMIUM'] === undefined) {
    return 'npm has a Chromium for Linux on x64 alone; INFNET_CHROMIUM names another';
  }
  try {
    if (library !== undefined) peerVersion(library);
    return undefined;
  } catch {
    return `${library} is not installed (npm ci --prefix benchmarks/peers)`;
  }
}

const ask = <T>(answers: { answer(request: Request): Promise<unknown> }, name: Request['name'], workload?: Workload) =>
  answers.answer({ name, workload }) as Promise<T>;

const ours = new Answerer(new InfnetPeer({ precision: 'exact' }));
let expected: Promise<Prepared['results'][]> | undefined;
const opened: ChromiumPeer[] = [];
afterAll(() => Promise.all(opened.map((peer) => peer.close())));

async function ownResults(): Promise<Prepared['results'][]> {
  await ask<Loaded>(ours, 'load');
  const found: Prepared['results'][] = [];
  for (const workload of WORKLOADS) found.push((await ask<Prepared>(ours, 'prepare', workload)).results);
  return found;
}

describe.each(PEERS)('%s', (name, library, description) => {
  const reason = whyNot(library);
  const title = 'computes what infnet computes in Node, and says how long it took';
  it.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, async () => {
    expected ??= ownResults();
    const peer = new ChromiumPeer(name);
    opened.push(peer);
    expect((await ask<Loaded>(peer, 'load')).description).toMatch(description);
    for (const [i, workload] of WORKLOADS.entries()) {
      const { results, firstSeconds, processBytes } = await ask<Prepared>(peer, 'prepare', workload);
      expect(largestDifference(results, (await expected)[i] as Prepared['results'])).toBeLessThan(1e-5);
      expect(firstSeconds).toBeGreaterThan(0);
      if (process.platform === 'linux') expect(processBytes).toBeTypeOf('number');
      expect(await ask<number>(peer, 'sample')).toBeGreaterThan(0);
    }
    // What the library says, without the way that it came.
    const gradients = { ...LAYER, kind: 'gradients', stride: [1, 1], dilation: [2, 2] } as unknown as Workload;
    const asked = ask(peer, 'prepare', gradients);
    if (name === 'tfjs-chromium') await expect(asked).rejects.toThrow(/^Error in gradient of conv2D: dilation/);
    if (name === 'ort-chromium') await expect(asked).rejects.toThrow(/^\[BENCH_PEER\] onnxruntime-web .*gradients/);
    if (name === 'infnet-chromium') expect(Object.keys(((await asked) as Prepared).results)).toEqual(['y', 'dX', 'dW']);
    await peer.close();
  });
});

describe('a browser', () => {
  it('is told to take the GPU where we take one', () => {
    const usual = ['--no-sandbox', '--use-webgpu-adapter=swiftshader'];
    expect(browserFlags(usual, false)).toEqual([...usual, '--disable-gpu-watchdog']);
    expect(browserFlags(usual, true)).not.toContain('--use-webgpu-adapter=swiftshader');
    expect(browserFlags(usual, true)).toContain('--enable-features=Vulkan');
  });

  it.runIf(process.platform === 'linux')("'s memory is that of all processes below", async () => {
    const [all, none] = [await descendantBytes(process.ppid), await descendantBytes(2 ** 30)];
    expect(all).toBeGreaterThan(20e6);
    expect(none).toBe(0);
  });

  it('leaves results whose length is checked', () => {
    const lengths = [['a', 1] as const, ['b', 2] as const];
    const body = new Uint8Array(Float32Array.of(9, 1, 2, 3).buffer).subarray(4);
    expect(resultsOf(lengths, body)).toEqual({ a: Float32Array.of(1), b: Float32Array.of(2, 3) });
    expect(() => resultsOf(lengths, body.subarray(4))).toThrow('8 bytes of results were left, not 12');
  });
});
