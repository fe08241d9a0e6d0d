/**
 * `npm run bench -- --training`: how much of a training step's wall time the GPU works, and where that time goes.
 *
 * Steps by the wall clock and steps timed dispatch by dispatch take turns, so that both meet the same noise. Memory is
 * what the plan says before anything is allocated, and what is allocated then.
 */
import { type Context, ParameterStore, type Profile } from '@infnet/core';
import { Adam, type TrainingStep, trainingStep } from '@infnet/trainer';
import { stepOptions, type Traced, traceWorkload } from './peers/workloads.js';
import { summarize, type Timing } from './statistics.js';
import { progress, type Suite, writeResult } from './suite.js';

export interface TrainingFigures {
  /** Seconds of a step, its report read back. */
  readonly wall: Timing;
  /** Seconds of all dispatches of a step. */
  readonly gpu: Timing;
  /** GPU seconds by wall seconds of the same round. */
  readonly filled: Timing;
  readonly gflop: number;
  readonly submits: number;
  readonly dispatches: number;
  readonly memory: { readonly predicted: number; readonly allocated: number };
}

export const trainingSuite: Suite = async (context, options) => {
  const { size, batch, runs } = options;
  const { step, inputs } = await prepare(context, size, batch);
  const seconds: { readonly wall: number; readonly gpu: number }[] = [];
  let profile = await step.profile(inputs, RATE);
  await step.run(inputs, RATE);
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    await step.run(inputs, RATE);
    const wall = (performance.now() - begun) / 1e3;
    profile = await step.profile(inputs, RATE);
    seconds.push({ wall, gpu: profile.seconds });
    progress('step')(run + 1, runs);
  }
  const figures = figuresOf(context, step, profile, seconds);
  print(figures, profile, context.adapter.message, size, batch);
  console.log(`\nWritten: ${await writeResult(context, options, 'training', figures)}`);
};

const RATE = { learningRate: 1e-4 };

async function prepare(
  context: Context,
  size: number,
  batch: number,
): Promise<{ readonly step: TrainingStep<string>; readonly inputs: Traced['inputs'] }> {
  const workload = { kind: 'step', net: 'inf-net', batch, size, ownLoss: true } as const;
  const traced = traceWorkload(workload);
  const options = stepOptions(workload, traced);
  const parameters = new ParameterStore(context, options.net);
  parameters.load(traced.state());
  return { step: await trainingStep(context, { ...options, optimizer: new Adam(parameters) }), inputs: traced.inputs };
}

function figuresOf(
  context: Context,
  { plan }: TrainingStep<string>,
  { entries }: Profile,
  seconds: readonly { readonly wall: number; readonly gpu: number }[],
): TrainingFigures {
  return {
    wall: summarize(seconds.map(({ wall }) => wall)),
    gpu: summarize(seconds.map(({ gpu }) => gpu)),
    filled: summarize(seconds.map(({ wall, gpu }) => gpu / wall)),
    gflop: entries.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    submits: plan.submitCount,
    dispatches: plan.schedule.dispatches.length,
    memory: { predicted: plan.memory.total, allocated: context.memory.bytes },
  };
}

function print(figures: TrainingFigures, profile: Profile, adapter: string, size: number, batch: number): void {
  const { wall, gpu, filled, gflop, memory, submits, dispatches } = figures;
  const spread = ({ median, smallest, largest }: Timing, scale: number, unit: string, digits: number): string =>
    `${(median * scale).toFixed(digits)} ${unit} (${(smallest * scale).toFixed(digits)} to ${(largest * scale).toFixed(digits)})`;
  console.log(adapter);
  console.log(`Inf-Net, a training step with Adam, ${batch} x ${size} x ${size}, ${wall.runs} steps each way\n`);
  console.log(`wall      ${spread(wall, 1, 's', 3)}`);
  console.log(`GPU       ${spread(gpu, 1, 's', 3)}: ${dispatches} dispatches in ${submits} submits`);
  console.log(`filled    ${spread(filled, 100, '%', 1)}`);
  console.log(
    `rate      ${(gflop / wall.median).toFixed(1)} GFLOP/s by the wall clock, ${gflop.toFixed(1)} GFLOP a step`,
  );
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(`memory    ${megabytes(memory.predicted)} predicted, ${megabytes(memory.allocated)} allocated\n`);
  console.log(profile.table('kernel'));
}
