/** `infnet export`: a task's net with its weights as an ONNX model. */
import { resolve } from 'node:path';
import { exportOnnx } from '@infnet/checkpoint';
import { type Tensor, type TraceResult, trace } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { sigmoid, softmax } from '@infnet/nn';
import { writeFileAtomic } from '@infnet/node';
import { inputNamed, type SegmentationTask, type TaskNet } from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { netOptionsOf, taskOf } from '../../tasks.js';
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
  const task = await taskOf(options);
  const asked = netOptionsOf(task, { backbone: options.backbone });
  const { net, state, description } = await loadWeights(task, file, asked, { key: options.weightsKey });
  tellNotes(io, description);
  checkSize(size, net, net.name);
  const shapes = Object.entries(net.inputShapes(size)).map(([name, shape]) => [name, [batch, ...shape]] as const);
  const graph = trace((inputs) => outputsOf(task, net, inputs, options.outputs), Object.fromEntries(shapes));
  const { backbone } = net.options;
  const told: Readonly<Record<string, string>> =
    backbone === undefined ? { net: net.title } : { backbone: String(backbone), input: INPUT };
  const bytes = exportOnnx(graph, state, {
    name: task.name === 'infection' ? 'Inf-Net' : net.name,
    dynamicBatch: openBatch,
    metadata: { ...told, trained: description.trained },
  });
  await writeFileAtomic(out, bytes);
  const input = net.inputShapes(size)['image'] ?? [];
  const classes = task.classes.length > 2 ? task.classes.map(({ name }) => name) : undefined;
  const outputs = [...graph.outputs.keys()];
  report({ ...options, input, outputs, bytes: bytes.length, ...(classes && { classes }) }, description, io);
  return EXIT.ok;
}

/** All of Inf-Net's maps have the reference's names. */
function outputsOf(
  { classes }: SegmentationTask,
  { module, forward }: TaskNet,
  inputs: Readonly<Record<string, Tensor>>,
  which: ExportOptions['outputs'],
): TraceResult {
  if (module instanceof InfNet) {
    const maps = module.call(inputNamed(inputs, 'image'));
    if (which === 'all') return maps;
    return which === 'logits' ? { lateralMap2: maps.lateralMap2 } : { probability: sigmoid(maps.lateralMap2) };
  }
  const maps = forward(inputs);
  if (which === 'all') return maps;
  const { logits } = maps;
  if (which === 'logits') return { logits };
  return { probability: classes.length === 2 ? sigmoid(logits) : softmax(logits) };
}

interface Written extends Omit<ExportOptions, 'outputs'> {
  /** Of `image`, without the batch. */
  readonly input: readonly number[];
  readonly outputs: readonly string[];
  readonly bytes: number;
  /** One channel each, where there are several. */
  readonly classes?: readonly string[];
}

function report(
  { out, weights, batch, openBatch, input, outputs, bytes, classes, json }: Written,
  { trained, untrained, notes }: WeightsDescription,
  io: Io,
): void {
  const file = resolve(out);
  if (untrained) say(io.stderr, `The weights in ${weights} are UNTRAINED: what the net says means nothing.`);
  const shape = [openBatch ? 'batch' : batch, ...input];
  const written = { file, bytes, input: shape, outputs, ...(classes && { classes }) };
  const document = { command: 'export', ok: true, ...written, trained, untrained, notes };
  if (json) sayJson(io, document);
  else
    say(
      io.stdout,
      `image [${shape.join(', ')}] to ${outputs.join(', ')}${classes ? ` of ${classes.join(', ')}` : ''} (${(bytes / 1e6).toFixed(1)} MB) in ${file}`,
    );
}
