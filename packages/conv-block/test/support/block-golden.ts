/** Runs a module against a block golden: parameters from the recipe, outputs, gradients, running statistics. */
import {
  type Context,
  evaluate,
  gradients,
  type HostTensor,
  type Module,
  ParameterStore,
  type PlanOptions,
  type StateDict,
  type Tensor,
} from '@infnet/core';
import { expectClose, type Golden, param, projection, roleOf, sizeOf } from '@infnet/testing';
import { expect } from 'vitest';

/** Fingerprint of a parameter's gradient, computed in float64. */
interface GradientFigures {
  /** Error of the reference's own float32 run. */
  readonly rel_l2: number;
  readonly f64: {
    readonly n: number;
    readonly l2: number;
    readonly sum: number;
    readonly first8: number[];
    readonly proj: number;
  };
}

interface ModeFigures {
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly param_grads: Readonly<Record<string, GradientFigures>>;
}

export interface BlockSidecar {
  readonly name_prefix: string;
  readonly params: Readonly<Record<string, readonly number[]>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly modes: Readonly<Record<'train' | 'eval', ModeFigures>>;
}

/** A traced block: inputs by the golden's names, outputs in its order (y0, y1, ...). */
export type BlockFunction = (inputs: Readonly<Record<string, Tensor>>) => readonly Tensor[];

/** The values the recipe gives a module's parameters. Fails unless keys and shapes are the reference's. */
export function recipeState(module: Pick<Module, 'stateDictSpec'>, { json }: Golden<BlockSidecar>): StateDict {
  const spec = module.stateDictSpec();
  expect(Object.fromEntries(spec.map(({ name, shape }) => [name, [...shape]]))).toEqual(json.params);
  const keys = new Set(Object.keys(json.params));
  return new Map(
    spec.map(({ name, shape }) => {
      const role = roleOf(name, shape, keys);
      const data = role === undefined ? new Float32Array(sizeOf(shape)) : param(json.name_prefix + name, shape, role);
      return [name, { shape, data }];
    }),
  );
}

/** A float64 gradient under this norm is zero by symmetry: a shift that the next batch norm removes. */
const TRUE_ZERO = 1e-12;

export interface BlockErrors {
  /** Worst relative L2 error by what was compared. */
  readonly outputs: number;
  readonly inputGradients: number;
  readonly parameterGradients: number;
}

/** The outputs in inference mode, compared at 2e-5. Returns them and their worst error. */
export async function expectInference(
  context: Context,
  module: Module<never, unknown>,
  block: BlockFunction,
  golden: Golden<BlockSidecar>,
  options: PlanOptions = {},
): Promise<{ readonly worst: number; readonly results: Readonly<Record<string, HostTensor>> }> {
  module.eval();
  using parameters = new ParameterStore(context, module);
  parameters.load(recipeState(module, golden));
  const results = await evaluate(context, (inputs) => named(block(inputs)), goldenInputs(golden), {
    precision: 'exact',
    ...options,
    parameters,
  });
  let worst = 0;
  for (const [name, { shape, data }] of Object.entries(results)) {
    expect(shape).toEqual(golden.shape(`eval/${name}`));
    const { relL2 } = expectClose(data, golden.f32(`eval/${name}`), { relL2: 2e-5 }, `${golden.path} eval ${name}`);
    worst = Math.max(worst, relL2);
  }
  return { worst, results };
}

/**
 * Forward and backward in the given mode: outputs and input gradients at 2e-5, parameter gradients at 5e-5 or 20 times
 * the reference's own float32 error (whole where they are recorded, else by norm, projection and first values), running
 * statistics after a training forward at 5e-6.
 */
export async function expectGradients(
  context: Context,
  module: Module<never, unknown>,
  block: BlockFunction,
  golden: Golden<BlockSidecar>,
  mode: 'train' | 'eval',
): Promise<BlockErrors> {
  module.train(mode === 'train');
  using parameters = new ParameterStore(context, module);
  parameters.load(recipeState(module, golden));
  const inputNames = Object.keys(golden.json.inputs);
  const trained = module.parameters().filter(({ role }) => role === 'parameter');
  const upstream = [...golden.tensors.keys()].filter((name) => name.startsWith('g_'));
  const given = {
    ...goldenInputs(golden),
    ...Object.fromEntries(upstream.map((name) => [name, tensorOf(golden, name)])),
  };
  const results = await evaluate(
    context,
    (inputs) => {
      const outputs = block(inputs);
      const upstreams = outputs.map((output, i) => ({ output, gradient: inputs[`g_y${i}`] as Tensor }));
      const targets = [...inputNames.map((name) => inputs[name] as Tensor), ...trained];
      const names = [...inputNames.map((name) => `d_${name}`), ...trained.map(({ name }) => `d_param/${name}`)];
      const found = gradients(upstreams, targets).map((gradient, i) => [names[i] as string, gradient as Tensor]);
      return { ...named(outputs), ...Object.fromEntries(found) };
    },
    given,
    { precision: 'exact', parameters },
  );
  const errors = { outputs: 0, inputGradients: 0, parameterGradients: 0 };
  const compare = (name: string, kind: keyof typeof errors, relL2: number): void => {
    const data = (results[name] as HostTensor).data as Float32Array;
    const found = expectClose(data, golden.f32(`${mode}/${name}`), { relL2 }, `${golden.path} ${mode} ${name}`);
    errors[kind] = Math.max(errors[kind], found.relL2);
  };
  for (const name of Object.keys(results)) {
    if (name.startsWith('y')) compare(name, 'outputs', 2e-5);
    else if (!name.startsWith('d_param/')) compare(name, 'inputGradients', 2e-5);
    else {
      const key = name.slice('d_param/'.length);
      const figures = golden.json.modes[mode].param_grads[key] as GradientFigures;
      const data = (results[name] as HostTensor).data as Float32Array;
      if (figures.f64.l2 < TRUE_ZERO)
        expectClose(data, new Float32Array(data.length), { maxAbs: 1e-5 }, `${name}, truly zero`);
      else {
        const tolerance = Math.max(5e-5, 20 * figures.rel_l2);
        if (golden.has(`${mode}/${name}`)) compare(name, 'parameterGradients', tolerance);
        else {
          const error = expectFigures(data, figures, tolerance, `${golden.path} ${mode} ${name}`);
          errors.parameterGradients = Math.max(errors.parameterGradients, error);
        }
      }
    }
  }
  if (mode === 'train') await expectRunningStatistics(parameters, golden);
  return errors;
}

/**
 * A gradient that is recorded by its figures only: norm, projection, first values. Returns the worse of the first two
 * errors.
 */
function expectFigures(data: Float32Array, { f64 }: GradientFigures, tolerance: number, what: string): number {
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const normError = Math.abs(norm - f64.l2) / f64.l2;
  // A projection onto uniform values in [-1, 1) sees about 0.58 of an error's norm.
  const projectionError = Math.abs(projection(data) - f64.proj) / f64.l2;
  expect(normError, `${what}, norm`).toBeLessThan(tolerance);
  expect(projectionError, `${what}, projection`).toBeLessThan(2 * tolerance);
  const first = f64.first8.slice(0, data.length);
  expectClose(
    data.subarray(0, 8),
    first,
    { maxAbs: (10 * tolerance * f64.l2) / Math.sqrt(f64.n) },
    `${what}, first values`,
  );
  return Math.max(normError, projectionError);
}

async function expectRunningStatistics(parameters: ParameterStore, golden: Golden<BlockSidecar>): Promise<void> {
  const after = await parameters.read();
  const recorded = [...golden.tensors.keys()].filter((name) => name.startsWith('train/after/'));
  expect(recorded.length).toBeGreaterThan(0);
  for (const name of recorded) {
    const value = after.get(name.slice('train/after/'.length));
    expectClose(value?.data as Float32Array, golden.f32(name), { relL2: 5e-6 }, `${golden.path} ${name}`);
  }
}

function named(outputs: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(outputs.map((output, i) => [`y${i}`, output]));
}

function tensorOf(golden: Golden<BlockSidecar>, name: string): HostTensor {
  return { shape: golden.shape(name), data: golden.f32(name) };
}

function goldenInputs(golden: Golden<BlockSidecar>): Record<string, HostTensor> {
  return Object.fromEntries(Object.keys(golden.json.inputs).map((name) => [name, tensorOf(golden, name)]));
}
