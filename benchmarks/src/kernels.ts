/** Per-kernel figures: Inf-Net's forward, every dispatch timed by GPU timestamps, several runs, medians. */
import { type Context, ParameterStore, type Profile, preparePlan, type ScheduledDispatch } from '@infnet/core';
import type { BenchOptions } from './options.js';
import { traceWorkload } from './peers/workloads.js';
import { summarize, type Timing } from './statistics.js';

/** One group of dispatches: all that do the same work in the same kernel. */
export interface KernelFigure {
  readonly kernel: string;
  readonly operator: string;
  /** Shapes of the operands, or the number of different ones where a group has several. */
  readonly shape: string;
  readonly calls: number;
  readonly milliseconds: Timing;
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
}

export interface ForwardFigures {
  readonly size: number;
  readonly batch: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly gflop: number;
  readonly memoryBytes: number;
  /** From the trace to the first result, pipelines compiled in between. */
  readonly firstResultSeconds: number;
  /** Wall time of one run, weights loaded and pipelines compiled. */
  readonly runSeconds: Timing;
  readonly kernels: readonly KernelFigure[];
  readonly byKernel: readonly KernelFigure[];
  readonly table: string;
  readonly chromeTrace: object;
}

/** Measures Inf-Net with the Res2Net-50 backbone and seeded weights. */
export async function measureForward(
  context: Context,
  { size, batch, runs }: Pick<BenchOptions, 'size' | 'batch' | 'runs'>,
  onProgress: (done: number, total: number) => void,
): Promise<ForwardFigures> {
  const begun = performance.now();
  const { graph, parameters: used, state, inputs } = traceWorkload({ kind: 'forward', net: 'inf-net', batch, size });
  const traced = performance.now();
  const parameters = new ParameterStore(context, used);
  parameters.load(state());
  // Making the weights does not count: they come from a file elsewhere.
  const started = performance.now() - (traced - begun);
  const plan = await preparePlan(context, graph, { parameters });
  await plan.run(inputs);
  const firstResultSeconds = (performance.now() - started) / 1e3;
  const walls: number[] = [];
  const profiles: Profile[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = performance.now();
    await plan.run(inputs);
    walls.push((performance.now() - begin) / 1e3);
    profiles.push(await plan.profile(inputs));
    onProgress(run + 1, runs);
  }
  const { dispatches } = plan.schedule;
  const { submitCount: submits, memory } = plan;
  const last = profiles.at(-1) as Profile;
  plan.dispose();
  parameters.dispose();
  return {
    size,
    batch,
    dispatches: dispatches.length,
    submits,
    gflop: dispatches.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    memoryBytes: memory.total,
    firstResultSeconds,
    runSeconds: summarize(walls),
    kernels: figures(dispatches, profiles, (dispatch) => `${dispatch.kernel.name} ${shapesOf(dispatch)}`),
    byKernel: figures(dispatches, profiles, (dispatch) => dispatch.kernel.name),
    table: last.table('scope', 2),
    chromeTrace: last.chromeTrace(),
  };
}

function figures(
  dispatches: readonly ScheduledDispatch[],
  profiles: readonly Profile[],
  keyOf: (dispatch: ScheduledDispatch) => string,
): KernelFigure[] {
  const groups = new Map<string, number[]>();
  dispatches.forEach((dispatch, i) => {
    const key = keyOf(dispatch);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const rows = [...groups.values()].map((members): KernelFigure => {
    const first = dispatches[members[0] as number] as ScheduledDispatch;
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
    const seconds = summarize(profiles.map(({ entries }) => total(members.map((i) => entries[i]?.seconds ?? 0))));
    const flops = total(members.map((i) => dispatches[i]?.flops ?? 0));
    const bytes = total(members.map((i) => dispatches[i]?.bytes ?? 0));
    const shapes = new Set(members.map((i) => shapesOf(dispatches[i] as ScheduledDispatch)));
    return {
      kernel: first.kernel.name,
      operator: first.operator,
      shape: shapes.size === 1 ? shapesOf(first) : `${shapes.size} shapes`,
      calls: members.length,
      milliseconds: scaled(seconds, 1e3),
      gflopsPerSecond: flops / seconds.median / 1e9,
      gigabytesPerSecond: bytes / seconds.median / 1e9,
    };
  });
  return rows.sort((a, b) => b.milliseconds.median - a.milliseconds.median);
}

function shapesOf(dispatch: ScheduledDispatch): string {
  return Object.entries(dispatch.operands)
    .map(([name, view]) => `${name} ${view.type.shape.join('x')}`)
    .join(', ');
}

function scaled(timing: Timing, factor: number): Timing {
  return {
    ...timing,
    median: timing.median * factor,
    smallest: timing.smallest * factor,
    largest: timing.largest * factor,
  };
}
