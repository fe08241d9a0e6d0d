/** Runs Inf-Net against the goldens of train/: the same batch every step, and fingerprints of every tensor. */
import { type Context, ParameterStore, preparePlan, type StateDict, type Tensor, trace } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { type Disc, discMask, edgeMap, image, param, projection, roleOf } from '@infnet/testing';
import { expect } from 'vitest';
import { Adam, clampGradients, infNetLoss, type StepReport, type TrainingStep, trainingStep } from '../../src/index.js';

interface Fingerprint {
  readonly l2: number;
  readonly proj: number;
  readonly first8: readonly number[];
}

interface Recorded {
  readonly f64: Fingerprint;
  readonly true_zero?: boolean;
}

export interface RecordedParameter {
  readonly shape: readonly number[];
  readonly grad: Recorded | null;
  readonly p1?: Recorded;
  readonly pN: Recorded;
}

interface RecordedBuffer {
  readonly after1?: Recorded;
  readonly after_last: Recorded;
}

export interface TrainSidecar {
  readonly gain: number;
  readonly input: { readonly name: string };
  readonly discs_2cy_2cx_r2: readonly (readonly Disc[])[];
  readonly losses_f64: readonly (readonly number[])[];
  readonly true_zero_gradient_parameters: readonly string[];
  readonly parameters: Readonly<Record<string, RecordedParameter>>;
  /** A sentence where nothing is recorded, a number for `num_batches_tracked`. */
  readonly buffers: Readonly<Record<string, RecordedBuffer | number>> | string;
}

/** The recipe's values of every parameter; `damped`: those of bn3 weights times 0.1. */
export function initialState(net: InfNet, gain: number, damped: boolean): StateDict {
  const parameters = net.parameters().filter(({ unused }) => !unused);
  const keys = new Set(parameters.map(({ name }) => name));
  return new Map(
    parameters.map(({ name, shape }) => {
      const role = roleOf(name, shape, keys);
      if (role === undefined) throw new Error(`the recipe has no value for ${name}`);
      const data = param(name, shape, role, gain);
      if (damped && /^resnet\.layer\d\.\d+\.bn3\.weight$/.test(name))
        for (const i of data.keys()) data[i] = (data[i] as number) * 0.1;
      return [name, { shape, data }];
    }),
  );
}

export const MAPS = ['lateralMap5', 'lateralMap4', 'lateralMap3', 'lateralMap2', 'lateralEdge'] as const;
const COLUMNS = ['edge', 'map2', 'map3', 'map4', 'map5'] as const;

/** The batch of all Inf-Net goldens: 2 images of 96 x 96, their masks and edges. */
function recordedBatch({ input, discs_2cy_2cx_r2: discs }: TrainSidecar): Record<'x' | 'mask' | 'edge', Float32Array> {
  const masks = discs.map((ofImage) => discMask(ofImage, 96, 96));
  const joined = (maps: readonly Float32Array[]): Float32Array => Float32Array.from(maps.flatMap((map) => [...map]));
  return {
    x: image(input.name, [2, 3, 96, 96]),
    mask: joined(masks),
    edge: joined(masks.map((mask) => edgeMap(mask, 96, 96))),
  };
}

export interface FirstStep {
  readonly report: StepReport;
  /** Before the clip. */
  readonly gradients: Map<string, Float32Array>;
}

export interface TrainRun extends Disposable {
  readonly parameters: ParameterStore;
  /** Bytes that the plan of the first size said it takes, stores included. */
  readonly predicted: number;
  /** One step at the first size, with all gradients and the maps read back. */
  first(): Promise<FirstStep>;
  /** One step at a size (index into `sizes`). */
  step(size?: number): Promise<StepReport>;
  /** Maps of the batch in inference mode. */
  inference(): Promise<Float32Array[]>;
}

export interface TrainRunOptions {
  readonly damped?: boolean;
  readonly frozenBatchNorm?: boolean;
  /** Default: the batch's own. */
  readonly sizes?: readonly number[];
}

export async function trainRun(context: Context, json: TrainSidecar, options: TrainRunOptions = {}): Promise<TrainRun> {
  const { damped = false, frozenBatchNorm = false, sizes = [96] } = options;
  const net = new InfNet();
  const parameters = new ParameterStore(context, net);
  parameters.load(initialState(net, json.gain, damped));
  const optimizer = new Adam(parameters);
  const batch = recordedBatch(json);
  const inputs = { x: [2, 3, 96, 96], mask: [2, 1, 96, 96], edge: [2, 1, 96, 96] } as const;
  const steps: TrainingStep<keyof typeof inputs>[] = [];
  for (const size of sizes) {
    const step = await trainingStep(context, {
      net,
      optimizer,
      inputs,
      clip: clampGradients(0.5),
      frozenBatchNorm,
      precision: 'exact',
      size: [size, size],
      keepGradients: sizes.length === 1,
      loss: ({ x, mask, edge }) => {
        const outputs = net.call(x);
        return { ...infNetLoss(outputs, { mask, edge }), outputs };
      },
    });
    steps.push(step);
  }
  const run = (size: number, read: readonly string[] = []): Promise<StepReport> =>
    (steps[size] as TrainingStep).run(batch, { learningRate: 1e-4, read });
  return {
    parameters,
    predicted: steps[0]?.memory.total as number,
    step: (size = 0) => run(size),
    async first() {
      const step = steps[0] as TrainingStep;
      const report = await run(0, [...step.gradientOutputs, ...MAPS]);
      return { report, gradients: step.gradientsOf(report.outputs) };
    },
    async inference() {
      net.eval();
      const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: inputs.x });
      using plan = await preparePlan(context, graph, { precision: 'exact', parameters });
      const results = await plan.run({ x: batch.x });
      return MAPS.map((name) => results[name] as Float32Array);
    },
    [Symbol.dispose]: () => {
      for (const step of steps) step.dispose();
      optimizer.dispose();
      parameters.dispose();
    },
  };
}

/** Largest relative error of total and parts of a step. */
export function lossError({ loss, parts }: StepReport, recorded: readonly number[]): number {
  const found = [...COLUMNS.map((name) => parts[name] as number), loss];
  return Math.max(...found.map((value, i) => Math.abs(value / (recorded[i] as number) - 1)));
}

export interface Errors {
  /** Of the norm, relative. */
  readonly norm: number;
  /** Of the projection and of the first values, relative to norm and to norm / sqrt(n). */
  readonly proj: number;
  readonly first8: number;
}

/** How far an array is from its fingerprint. `scale` is what errors are relative to; default: the norm. */
export function fingerprintErrors(data: Float32Array, { l2, proj, first8 }: Fingerprint, scale: number = l2): Errors {
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const unit = scale / Math.sqrt(data.length);
  return {
    norm: Math.abs(norm - l2) / scale,
    proj: Math.abs(projection(data) - proj) / scale,
    first8: Math.max(...first8.map((value, i) => Math.abs((data[i] as number) - value) / unit)),
  };
}

/** Errors of everything recorded of the parameters, by name; what is zero by symmetry is left out. */
export function compareParameters(
  { parameters, true_zero_gradient_parameters: zero }: TrainSidecar,
  values: ReadonlyMap<string, Float32Array>,
  recorded: (entry: RecordedParameter) => Recorded | null | undefined,
): Map<string, Errors> {
  const found = new Map<string, Errors>();
  for (const [name, entry] of Object.entries(parameters)) {
    const expected = recorded(entry);
    if (name.startsWith('resnet.fc.') || zero.includes(name)) continue;
    expect(values.has(name), name).toBe(true);
    expect(expected, name).toBeTruthy();
    found.set(name, fingerprintErrors(values.get(name) as Float32Array, (expected as Recorded).f64));
  }
  return found;
}

/** The same of the running statistics. */
export function compareBuffers(
  { buffers }: TrainSidecar,
  values: ReadonlyMap<string, Float32Array>,
  recorded: (entry: RecordedBuffer) => Recorded | undefined,
): Map<string, Errors> {
  const found = new Map<string, Errors>();
  for (const [name, entry] of Object.entries(buffers)) {
    if (typeof entry !== 'object') continue;
    expect(values.has(name), name).toBe(true);
    found.set(name, fingerprintErrors(values.get(name) as Float32Array, (recorded(entry) as Recorded).f64));
  }
  return found;
}

/** All values of a store, by name. */
export async function valuesOf(store: ParameterStore): Promise<Map<string, Float32Array>> {
  return new Map([...(await store.read())].map(([name, { data }]) => [name, data]));
}

export interface ErrorLimits {
  /** Bound for all. */
  readonly all: number;
  /** Bound for 90 % of them. */
  readonly most?: number;
}

/** Fails, with names and figures, unless errors of one kind are within their limits. */
export function expectErrors(
  errors: ReadonlyMap<string, Errors>,
  key: keyof Errors,
  { all, most = all }: ErrorLimits,
): void {
  const sorted = [...errors].map(([name, error]) => [name, error[key]] as const).sort(([, a], [, b]) => b - a);
  expect(sorted.length, 'number of compared tensors').toBeGreaterThan(50);
  const worst = sorted.filter(([, error]) => !(error <= all));
  expect(worst, `${key} above ${all}`).toEqual([]);
  const many = sorted.filter(([, error]) => !(error <= most));
  expect(many.length / sorted.length, `share of ${key} above ${most}, e.g. ${many[0]}`).toBeLessThan(0.1);
}
