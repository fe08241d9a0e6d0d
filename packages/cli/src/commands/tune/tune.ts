/** `infnet tune`: the fastest algorithms of Inf-Net's convolutions on this adapter, as a file. */
import { type Context, elementCount, type Graph, open, ParameterStore, type RunInputs, trace } from '@infnet/core';
import { median, type Tuning, tune } from '@infnet/core/tune';
import { InfNet } from '@infnet/inf-net';
import { writeFileAtomic } from '@infnet/node';
import { Adam, infNetLoss, traceStep } from '@infnet/trainer';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { checkSize } from '../segment/network.js';
import type { TuneCommandOptions } from './options.js';

/** @returns the exit code @throws InfnetError `DEVICE_...`, `MEMORY_...`, `CLI_USAGE`, `CLI_INTERRUPTED`, `FILE_...` */
export async function tuneNet(options: TuneCommandOptions, io: Io): Promise<number> {
  const { out, size, backbone, width, channels, rounds, precision } = options;
  const net = new InfNet({ backbone, width, channels });
  checkSize(size, net, backbone);
  const context = await open({ adapter: options.adapter, onMessage: (line) => say(io.stderr, line) });
  const progress = new Progress(io.stderr);
  try {
    const { graph, stores, inputs } = options.training
      ? trainingGraph(context, net, options)
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

function forwardGraph(context: Context, net: InfNet, { size, batch }: TuneCommandOptions): Traced {
  const parameters = new ParameterStore(context, net);
  parameters.initialize(1);
  const graph = trace(({ image }) => ({ lateralMap2: net.call(image).lateralMap2 }), { image: [batch, 3, size, size] });
  return { graph, stores: [parameters], inputs: valuesFor(graph) };
}

function trainingGraph(context: Context, net: InfNet, { size, batch }: TuneCommandOptions): Traced {
  const parameters = new ParameterStore(context, net);
  parameters.initialize(1);
  const optimizer = new Adam(parameters);
  const map = [batch, 1, size, size] as const;
  const { graph, stores, tables } = traceStep({
    net,
    optimizer,
    inputs: { image: [batch, 3, size, size], mask: map, edge: map },
    loss: ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }),
  });
  return { graph, stores: [optimizer.parameters, ...stores], inputs: { ...valuesFor(graph), ...tables } };
}

/** A wave for the slices, zeros for everything else: times do not depend on values. */
function valuesFor(graph: Graph): RunInputs {
  return Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => {
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
