/** `infnet tune`: the fastest algorithms of a net's convolutions on this adapter, as a file. */
import {
  type Context,
  elementCount,
  type Graph,
  type InputSpec,
  open,
  ParameterStore,
  type RunInputs,
  trace,
} from '@infnet/core';
import { median, type Tuning, tune } from '@infnet/core/tune';
import { writeFileAtomic } from '@infnet/node';
import type { SegmentationTask, TaskNet } from '@infnet/segmentation';
import { Adam, traceStep } from '@infnet/trainer';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { netOptionsOf, taskOf } from '../../tasks.js';
import { checkSize } from '../segment/network.js';
import type { TuneOptions } from './options.js';

/** @returns the exit code @throws InfnetError `DEVICE_...`, `MEMORY_...`, `CLI_USAGE`, `CLI_INTERRUPTED`, `FILE_...` */
export async function tuneNet(options: TuneOptions, io: Io): Promise<number> {
  const { out, size, backbone, width, channels, rounds, precision } = options;
  const task = await taskOf(options);
  const net = task.net(netOptionsOf(task, { backbone, width, channels }));
  checkSize(size, net, net.name);
  const context = await open({ adapter: options.adapter, onMessage: (line) => say(io.stderr, line) });
  const progress = new Progress(io.stderr);
  try {
    const { graph, stores, inputs } = options.training
      ? trainingGraph(context, task, net, options)
      : forwardGraph(context, net, options);
    let phase = '';
    const tuning = await unlessAborted(
      tune(context, graph, {
        parameters: stores,
        inputs,
        rounds,
        precision,
        onMessage: (line) => progress.line(line),
        onProgress: (step) => {
          if (io.signal?.aborted) return;
          const title = step.phase === 'layers' ? 'distinct shapes' : 'the whole net';
          if (step.phase !== phase) progress.phase(title, step.total);
          phase = step.phase;
          progress.update(step.done);
        },
      }),
      io.signal,
      'stopped while tuning; nothing was written',
    );
    progress.clear();
    await writeFileAtomic(out, new TextEncoder().encode(`${JSON.stringify(tuning, undefined, 2)}\n`));
    for (const line of summary(tuning, out)) say(io.stderr, line);
    if (options.json) sayJson(io, tuning);
    return EXIT.ok;
  } finally {
    progress.clear();
    context.dispose();
  }
}

interface Traced {
  readonly graph: Graph;
  readonly stores: readonly ParameterStore[];
  readonly inputs: RunInputs;
}

function forwardGraph(context: Context, net: TaskNet, { size, batch }: TuneOptions): Traced {
  const parameters = new ParameterStore(context, net.module);
  parameters.initialize(1);
  const inputs = batched(net.inputShapes(size), batch);
  const graph = trace((tensors) => ({ logits: net.forward(tensors).logits }), inputs);
  return { graph, stores: [parameters], inputs: valuesFor(graph) };
}

function trainingGraph(
  context: Context,
  { losses: [usual = ''] }: SegmentationTask,
  net: TaskNet,
  { size, batch }: TuneOptions,
): Traced {
  const parameters = new ParameterStore(context, net.module);
  parameters.initialize(1);
  const optimizer = new Adam(parameters);
  const { graph, stores, tables } = traceStep({
    net: net.module,
    optimizer,
    inputs: batched({ ...net.inputShapes(size), ...net.targets(size, usual) }, batch),
    loss: (tensors) => net.loss(tensors, usual),
  });
  return { graph, stores: [optimizer.parameters, ...stores], inputs: { ...valuesFor(graph), ...tables } };
}

/** Shapes of a batch of the shapes of an item. */
function batched(item: Readonly<Record<string, InputSpec>>, batch: number): Readonly<Record<string, InputSpec>> {
  const of = (spec: InputSpec): InputSpec =>
    'shape' in spec ? { ...spec, shape: [batch, ...spec.shape] } : [batch, ...spec];
  return Object.fromEntries(Object.entries(item).map(([name, spec]) => [name, of(spec)]));
}

/** A wave for the slices, zeros for everything else: times do not depend on values. */
function valuesFor(graph: Graph): RunInputs {
  return Object.fromEntries(
    [...graph.inputs].map(([name, { shape, dtype }]) => {
      if (dtype === 'u32') return [name, new Uint32Array(elementCount(shape))];
      const values = new Float32Array(elementCount(shape));
      return [name, name === 'image' ? values.map((_, i) => Math.sin(i)) : values];
    }),
  );
}

function summary({ choices, layers, whole }: Tuning, out: string): string[] {
  const changed = Object.keys(choices).length;
  if (whole.own.length === 0) return [`infnet: nothing faster for any of ${layers.length} shapes; written to ${out}`];
  const [own, tuned] = [median(whole.own), median(whole.tuned)];
  const times = `${(own * 1e3).toFixed(1)} ms as usual, ${(tuned * 1e3).toFixed(1)} ms with the choices (medians of ${whole.own.length})`;
  return changed === 0
    ? [`infnet: what was faster alone was not in the whole: ${times}; nothing is changed; written to ${out}`]
    : [`infnet: another algorithm for ${changed} of ${layers.length} shapes: ${times}; written to ${out}`];
}
