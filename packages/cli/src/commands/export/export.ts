/** `infnet export`: Inf-Net with its weights as an ONNX model. */
import { resolve } from 'node:path';
import { exportOnnx } from '@infnet/checkpoint';
import { type Tensor, type TraceResult, trace } from '@infnet/core';
import type { InfNet } from '@infnet/inf-net';
import { sigmoid } from '@infnet/nn';
import { writeFileAtomic } from '@infnet/node';
import { cliError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { tellNotes } from '../../weights-file.js';
import { checkSize } from '../segment/network.js';
import { loadWeights, type WeightsDescription } from '../segment/weights.js';
import type { ExportOptions } from './options.js';

/** How an image becomes the input, for whoever opens the file. */
const INPUT =
  'RGB, 0..1, less the mean 0.485, 0.456, 0.406, divided by the deviation 0.229, 0.224, 0.225 (per channel, NCHW)';

export async function exportNet(options: ExportOptions, io: Io): Promise<number> {
  const { weights: file, out, size, batch, openBatch } = options;
  if (!/\.onnx$/i.test(out)) {
    throw cliError('CLI_USAGE', `The net is written as ONNX, but --out is ${out}.`, 'Give a name that ends in .onnx.');
  }
  const { net, state, description } = await loadWeights(file, options.backbone, { key: options.weightsKey });
  tellNotes(io, description);
  checkSize(size, net, description.backbone);
  const graph = trace(({ image }: { readonly image: Tensor }) => outputsOf(net, image, options.outputs), {
    image: [batch, 3, size, size],
  });
  const bytes = exportOnnx(graph, state, {
    name: 'Inf-Net',
    dynamicBatch: openBatch,
    metadata: { backbone: description.backbone, input: INPUT, trained: description.trained },
  });
  await writeFileAtomic(out, bytes);
  report({ ...options, outputs: [...graph.outputs.keys()], bytes: bytes.length }, description, io);
  return EXIT.ok;
}

function outputsOf(net: InfNet, image: Tensor, which: ExportOptions['outputs']): TraceResult {
  const maps = net.call(image);
  if (which === 'all') return maps;
  const { lateralMap2 } = maps;
  return which === 'logits' ? { lateralMap2 } : { probability: sigmoid(lateralMap2) };
}

interface Written extends Omit<ExportOptions, 'outputs'> {
  readonly outputs: readonly string[];
  readonly bytes: number;
}

function report(
  { out, weights, size, batch, openBatch, outputs, bytes, json }: Written,
  { trained, untrained, notes }: WeightsDescription,
  io: Io,
): void {
  const file = resolve(out);
  if (untrained) say(io.stderr, `The weights in ${weights} are UNTRAINED: what the net says means nothing.`);
  const shape = [openBatch ? 'batch' : batch, 3, size, size];
  const document = { command: 'export', ok: true, file, bytes, input: shape, outputs, trained, untrained, notes };
  if (json) sayJson(io, document);
  else
    say(io.stdout, `image [${shape.join(', ')}] to ${outputs.join(', ')} (${(bytes / 1e6).toFixed(1)} MB) in ${file}`);
}
