/**
 * The translation to tfjs computes what the graph says: forward, gradients and a training step against ours. tfjs runs
 * on its CPU backend, which has nothing in common with our kernels and needs no second device.
 */
import { BasicConv2d } from '@infnet/conv-block';
import { type Context, Module, open, type Tensor, trace } from '@infnet/core';
import { InfNet, UNet } from '@infnet/inf-net';
import { avgPool2d, interpolate, maxPool2d, relu } from '@infnet/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../src/peers/alternate.js';
import { InfnetPeer } from '../src/peers/infnet.js';
import type { Peer, Workload } from '../src/peers/protocol.js';
import type { Tf } from '../src/peers/tfjs/api.js';
import { requireTfjs } from '../src/peers/tfjs/bundle.js';
import { TfGraph } from '../src/peers/tfjs/graph-to-tfjs.js';
import { prepareForward, prepareGradients, prepareStep } from '../src/peers/tfjs/peer.js';
import { type BenchmarkNet, finish, stepLoss, type Traced, traceWorkload } from '../src/peers/workloads.js';

function load(): Tf | string {
  try {
    return requireTfjs('cpu');
  } catch (error) {
    return `tfjs is not installed (npm ci --prefix benchmarks/peers): ${(error as Error).message.split('\n')[0]}`;
  }
}

const tf = load();

function itWithTfjs(name: string, body: (tf: Tf) => Promise<void>): void {
  if (typeof tf === 'string') it.skip(`${name} (${tf})`, () => {});
  else it(name, () => body(tf));
}

let context: Context;
const ours: Peer = new InfnetPeer({ precision: 'exact' });
beforeAll(async () => {
  if (typeof tf === 'string') return;
  await tf.setBackend('cpu');
  await tf.ready();
  context = await open({ onMessage: () => {} });
  await ours.load();
});
afterAll(() => context?.dispose());

type Prepare = typeof prepareForward;

/** Both prepare and run; results agree. */
async function compare(
  library: Tf,
  workload: Workload,
  theirs: { readonly traced: Traced; readonly prepare: Prepare },
  own: Traced = theirs.traced,
): Promise<void> {
  const before = library.memory().numTensors;
  const net = new TfGraph(library, theirs.traced.graph, theirs.traced.state());
  const found = await theirs.prepare(library, net, theirs.traced);
  await found.run();
  const expected = await ours.prepare(workload, own);
  expect(largestDifference(found.results, expected.results)).toBeLessThan(2e-5);
  await found.release();
  await expected.release();
  expect(library.memory().numTensors).toBe(before);
}

const FORWARD: Workload = { kind: 'forward', net: 'inf-net', batch: 1, size: 64 };

function traceNet(net: BenchmarkNet, shape: readonly number[]): Traced {
  const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: shape });
  return finish(graph, net.parameters(), [...graph.outputs.keys()]);
}

describe('forward', () => {
  itWithTfjs('Inf-Net on Res2Net', async (library) => {
    const net: unknown = new InfNet({ width: 0.125, channels: 4 });
    const traced = traceNet(net as BenchmarkNet, [2, 3, 64, 32]);
    await compare(library, FORWARD, { traced, prepare: prepareForward });
  });

  itWithTfjs('U-Net of an odd size', async (library) => {
    const net = new UNet({ width: 0.0625 });
    const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: [1, 6, 27, 19] });
    await compare(library, FORWARD, { traced: finish(graph, net.parameters(), ['output']), prepare: prepareForward });
  });

  itWithTfjs('pooling with padding, ceil mode and both divisors', async (library) => {
    const graph = trace(
      ({ x }: { readonly x: Tensor }) => [
        avgPool2d(x, 3, { stride: 2, padding: 1 }),
        avgPool2d(x, 2, { ceilMode: true, countIncludePad: false }),
        avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
        maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
        interpolate(x, { size: [4, 13] }),
        interpolate(x, { size: [4, 13], alignCorners: true }),
      ],
      { x: [2, 3, 8, 9] },
    );
    const names = [...graph.outputs.keys()];
    await compare(library, FORWARD, { traced: finish(graph, [], names), prepare: prepareForward });
  });
});

/** What a backbone is made of, small. */
class TwoBlocks extends Module<readonly [Tensor], Readonly<Record<string, Tensor>>> {
  readonly first: BasicConv2d = new BasicConv2d(3, 8, 3, { stride: 2, padding: 1 });
  readonly second: BasicConv2d = new BasicConv2d(8, 6, 1);

  override forward(image: Tensor): { readonly fine: Tensor; readonly coarse: Tensor } {
    const fine = relu(this.first.call(image));
    return { fine, coarse: this.second.call(maxPool2d(fine, 3, { stride: 2, padding: 1 })) };
  }
}

describe('training', () => {
  itWithTfjs('gradients of input and weights', async (library) => {
    const workload: Workload = {
      kind: 'gradients',
      input: [2, 5, 9, 8],
      weight: [7, 5, 3, 3],
      stride: [2, 2],
      padding: [1, 1, 1, 1],
      dilation: [1, 1],
      groups: 1,
    };
    const traced = traceWorkload(workload, { forwardOnly: true });
    await compare(library, workload, { traced, prepare: prepareGradients }, traceWorkload(workload));
  });

  itWithTfjs('what tfjs cannot differentiate is its own error', async (library) => {
    const workload: Workload = {
      kind: 'gradients',
      input: [1, 2, 9, 9],
      weight: [2, 2, 3, 3],
      stride: [1, 1],
      padding: [2, 2, 2, 2],
      dilation: [2, 2],
      groups: 1,
    };
    const traced = traceWorkload(workload, { forwardOnly: true });
    const net = new TfGraph(library, traced.graph, traced.state());
    await expect(prepareGradients(library, net, traced)).rejects.toThrow(/dilation rates greater than 1/);
    net.dispose();
  });

  itWithTfjs('a training step: two losses, the second after Adam and new statistics', async (library) => {
    const net = new TwoBlocks();
    net.train();
    const graph = trace(({ image }: { readonly image: Tensor }) => ({ loss: stepLoss(net, image) }), {
      image: [2, 3, 16, 16],
    });
    const traced = finish(graph, net.parameters(), ['loss'], { net });
    const workload: Workload = { kind: 'step', net: 'res2net50', batch: 2, size: 16 };
    await compare(library, workload, { traced, prepare: prepareStep });
  });
});
