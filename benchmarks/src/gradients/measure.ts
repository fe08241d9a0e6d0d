/**
 * Measures the convolutions of Inf-Net: forward, gradient of the input, gradient of the weights.
 *
 * Other programs run on the same machine, and what they take changes within seconds. So a layer's passes alternate
 * (forward, dX, dW, forward, dX, dW, ...): what disturbs one disturbs all, and their ratio stays. Dawn rounds
 * timestamps to 65 us; a pass that is short is therefore run several times for one sample.
 */
import { type Context, elementCount, type Tensor, trace } from '@infnet/core';
import type { BenchOptions } from '../options.js';
import { makeNet, pseudoRandom } from '../peers/workloads.js';
import type { LayerSamples } from './figures.js';
import { distinctConvolutions, type Layer, layerLabel, layerShape } from './layers.js';
import { type LayerData, type Pass, type PassName, preparePasses } from './passes.js';
import { verify } from './verify.js';

/**
 * Samples of every distinct layer of Inf-Net (Res2Net-50), every result checked before.
 * @throws InfnetError `BENCH_WRONG`.
 */
export async function measureGradients(
  context: Context,
  { size, batch, runs }: Pick<BenchOptions, 'size' | 'batch' | 'runs'>,
  onProgress: (done: number, total: number) => void,
): Promise<LayerSamples[]> {
  const net = makeNet('inf-net');
  const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: [batch, 3, size, size] });
  const layers = distinctConvolutions(graph);
  const measured: LayerSamples[] = [];
  for (const layer of layers) {
    measured.push(await measureLayer(context, layer, runs));
    onProgress(measured.length, layers.length);
  }
  return measured;
}

async function measureLayer(context: Context, layer: Layer, runs: number): Promise<LayerSamples> {
  const data = dataOf(layer);
  const passes = await preparePasses(context, layer, data);
  try {
    const results = new Map<PassName, Float32Array>();
    for (const { name, plan, inputs } of passes) results.set(name, (await plan.run(inputs))['output'] as Float32Array);
    verify(layer, data, {
      y: results.get('forward') as Float32Array,
      dX: results.get('inputGradient'),
      dW: results.get('weightGradient') as Float32Array,
    });
    const repeats = repeatsFor(await sample(passes[0] as Pass, 1));
    const seconds = Object.fromEntries(passes.map(({ name }) => [name, [] as number[]]));
    for (let run = 0; run < runs; run++) {
      for (const pass of passes) seconds[pass.name]?.push(await sample(pass, repeats));
    }
    const { path, count, flops } = layer;
    return { label: layerLabel(layer), path, count, flops, shape: layerShape(layer), seconds };
  } finally {
    for (const { plan } of passes) plan.dispose();
  }
}

/** Seconds that a sample should take at least, so that the clock's steps do not matter. */
const SAMPLE_SECONDS = 5e-3;

function repeatsFor(seconds: number): number {
  return Math.max(1, Math.min(16, Math.ceil(SAMPLE_SECONDS / Math.max(seconds, 1e-5))));
}

/** Mean GPU time of all dispatches of a pass. */
async function sample({ plan, inputs }: Pass, repeats: number): Promise<number> {
  let total = 0;
  for (let i = 0; i < repeats; i++) total += (await plan.profile(inputs)).seconds;
  return total / repeats;
}

/** Values between -1 and 1, those of the weights smaller, so that sums stay about as large as what they sum. */
function dataOf({ input, weight, output }: Layer): LayerData {
  const scale = Math.sqrt(3 / elementCount(weight.slice(1)));
  const [x, w, g] = [input, weight, output].map((shape, i) => pseudoRandom(elementCount(shape), i + 1));
  return { x, w: w?.map((value) => value * scale), g } as LayerData;
}
