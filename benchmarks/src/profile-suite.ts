/**
 * `npm run bench` and `--training`: where the time of Inf-Net's forward, or of a training step, goes, and how much of
 * the wall time the GPU works. Runs by the wall clock and runs timed dispatch by dispatch take turns, so that both meet
 * the same noise. Memory is what the plan says before anything is allocated, and what is allocated then.
 */
import { type Context, ParameterStore, type Plan, type Profile, preparePlan } from '@infnet/core';
import type { Table } from '@infnet/report';
import { Adam, trainingStep } from '@infnet/trainer';
import { stepOptions, traceWorkload } from './peers/workloads.js';
import { summarize, type Timing } from './statistics.js';
import { leave, progress, type Suite, writeText } from './suite.js';
import { left, right, spread } from './text.js';

/** Dispatches that have something in common. */
interface Group {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: Timing;
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
  /** Shapes of the operands, or the number of different ones. */
  readonly shape: string;
}

interface Work {
  readonly plan: Plan;
  run(): Promise<unknown>;
  profile(): Promise<Profile>;
}

type Entry = Profile['entries'][number];

type Sizes = { readonly size: number; readonly batch: number };

async function prepareForward(context: Context, sizes: Sizes): Promise<Work> {
  const { graph, parameters, state, inputs } = traceWorkload({ kind: 'forward', net: 'inf-net', ...sizes });
  const store = new ParameterStore(context, parameters);
  store.load(state());
  const plan = await preparePlan(context, graph, { parameters: store });
  return { plan, run: () => plan.run(inputs), profile: () => plan.profile(inputs) };
}

const RATE = { learningRate: 1e-4 };

async function prepareStep(context: Context, sizes: Sizes): Promise<Work> {
  const workload = { kind: 'step', net: 'inf-net', ...sizes, ownLoss: true } as const;
  const traced = traceWorkload(workload);
  const options = stepOptions(workload, traced);
  const store = new ParameterStore(context, options.net);
  store.load(traced.state());
  const step = await trainingStep(context, { ...options, optimizer: new Adam(store) });
  const { plan } = step;
  return { plan, run: () => step.run(traced.inputs, RATE), profile: () => step.profile(traced.inputs, RATE) };
}

const suite =
  (name: string, what: string, prepare: (context: Context, sizes: Sizes) => Promise<Work>): Suite =>
  async (context, options) => {
    const { size, batch, runs } = options;
    const begun = performance.now();
    const { plan, run, profile } = await prepare(context, options);
    await run();
    const firstResultSeconds = (performance.now() - begun) / 1e3;
    const walls: number[] = [];
    const profiles: Profile[] = [];
    for (let done = 0; done < runs; done++) {
      const begin = performance.now();
      await run();
      walls.push((performance.now() - begin) / 1e3);
      profiles.push(await profile());
      progress(what)(done + 1, runs);
    }
    const { dispatches } = plan.schedule;
    const shapes = dispatches.map(({ operands }) =>
      Object.entries(operands)
        .map(([operand, { type }]) => `${operand} ${type.shape.join('x')}`)
        .join(', '),
    );
    const by = (nameOf: (entry: Entry) => string, perShape = false): Group[] =>
      groups(profiles, shapes, nameOf, perShape);
    const figures = {
      size,
      batch,
      dispatches: dispatches.length,
      submits: plan.submitCount,
      firstResultSeconds,
      gflop: dispatches.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
      memory: { predicted: plan.memory.total, allocated: context.memory.bytes },
      wall: summarize(walls),
      gpu: summarize(profiles.map(({ seconds }) => seconds)),
      filled: summarize(profiles.map(({ seconds }, i) => seconds / (walls[i] as number))),
      kernels: by(({ kernel }) => kernel, true),
      byKernel: by(({ kernel }) => kernel),
      byModule: by(({ scope }) => scope.split('.').slice(0, 2).join('.') || '(net)'),
    };
    const trace = `${name}-${context.adapter.kind}-${batch}x${size}.trace.json`;
    const chrome = await writeText(options.out, trace, `${JSON.stringify(profiles.at(-1)?.chromeTrace())}\n`);
    const { gflop, memory, wall, submits } = figures;
    await leave(context, options, name, figures, [
      {
        title: `Inf-Net, ${what}, ${batch}x3x${size}x${size}`,
        blocks: [
          {
            kind: 'facts',
            rows: [
              ['first result', `${firstResultSeconds.toFixed(2)} s, pipelines compiled`],
              ['wall', `${spread(wall, 1, 's', 3)}, median of ${runs}; ${(gflop / wall.median).toFixed(2)} GFLOP/s`],
              ['GPU', `${spread(figures.gpu, 1, 's', 3)}: ${dispatches.length} dispatches in ${submits} submits`],
              ['filled', spread(figures.filled, 100, '%', 1)],
              ['work', `${gflop.toFixed(2)} GFLOP`],
              ['memory', `${megabytes(memory.predicted)} predicted, ${megabytes(memory.allocated)} allocated`],
              ['trace', `${chrome} (open it in ui.perfetto.dev)`],
            ],
          },
          table('By kernel', figures.byKernel, figures.gpu),
          table('The 15 slowest kernel and shape pairs', figures.kernels.slice(0, 15), figures.gpu),
          table('By module', figures.byModule, figures.gpu),
        ],
      },
    ]);
  };

export const forwardSuite: Suite = suite('forward', 'forward', prepareForward);
export const trainingSuite: Suite = suite('training', 'a training step with Adam', prepareStep);

/** Medians over the profiles of each group's sum, slowest first. */
function groups(
  profiles: readonly Profile[],
  shapes: readonly string[],
  nameOf: (entry: Entry) => string,
  perShape: boolean,
): Group[] {
  const entries = profiles[0]?.entries ?? [];
  const members = new Map<string, number[]>();
  for (const [i, entry] of entries.entries()) {
    const key = `${nameOf(entry)}\n${perShape ? shapes[i] : ''}`;
    members.set(key, [...(members.get(key) ?? []), i]);
  }
  const found = [...members].map(([key, indexes]): Group => {
    const sum = (of: (index: number) => number | undefined): number =>
      indexes.reduce((total, i) => total + (of(i) ?? 0), 0);
    const milliseconds = summarize(profiles.map((profile) => 1e3 * sum((i) => profile.entries[i]?.seconds)));
    const different = [...new Set(indexes.map((i) => shapes[i]))];
    return {
      name: key.split('\n')[0] as string,
      calls: indexes.length,
      milliseconds,
      gflopsPerSecond: sum((i) => entries[i]?.flops) / milliseconds.median / 1e6,
      gigabytesPerSecond: sum((i) => entries[i]?.bytes) / milliseconds.median / 1e6,
      shape: different.length === 1 ? (different[0] as string) : `${different.length} shapes`,
    };
  });
  return found.sort((a, b) => b.milliseconds.median - a.milliseconds.median);
}

const table = (title: string, rows: readonly Group[], gpu: Timing): Table => ({
  kind: 'table',
  title,
  columns: [left(''), ...['calls', 'ms', 'share', 'GFLOP/s', 'GB/s'].map(right), left('operands')],
  rows: rows.map(({ name, calls, milliseconds: { median }, gflopsPerSecond, gigabytesPerSecond, shape }) => [
    ...[name, calls, median.toFixed(2), `${(median / gpu.median / 10).toFixed(1)} %`],
    ...[gflopsPerSecond.toFixed(2), gigabytesPerSecond.toFixed(2), shape],
  ]),
});

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
