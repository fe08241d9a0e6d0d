/**
 * One operator in the middle of a graph, forward and backward, against float64.
 *
 *     r --- * s ---> x --- OPERATOR ---> y --- * (y + w) ---> z      F = sum of c z
 *
 * Every input x of the operator is a product, and every output y is used twice, so the gradient that reaches the
 * operator is a sum that depends on y, and the one that leaves it is multiplied by s before it is compared. The plan
 * gives y and dF/dr in float32; F itself is computed a second time in float64, from a reference of the operator.
 * Central differences of that F carry no float32 rounding, so a small step and a tight tolerance are possible: with the
 * defaults one wrong element among ten thousand fails. Directions are random (`gradcheck`), so all elements take part
 * in each of them.
 *
 * With `inRange` the operator reads channels 1 to C of products with three channels more, as it does where the planner
 * puts the parts of a split: the gradient of the other channels must then be zero.
 */
import {
  type Context,
  evaluate,
  formatShape,
  gradients,
  type HostTensor,
  operandNamed,
  type Tensor,
} from '@infnet/core';
import { add, mul, narrow } from '@infnet/nn';
import { expectClose } from '../compare.js';
import { type Arrays, type GradcheckRow, gradcheck } from '../gradcheck.js';
import { fill, sizeOf } from '../recipe.js';
import type { Values } from './values.js';

/** An array in float64, row-major. */
export interface Exact {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface MidGraphCase {
  /** What the operator is to be given, by name: the point at which it is differentiated. */
  readonly inputs: Readonly<Record<string, Values>>;
  /** Inputs that are given as they are and not differentiated: targets, classes, running statistics. */
  readonly fixed?: Readonly<Record<string, HostTensor>>;
  /** The operator, traced: its outputs. */
  readonly operator: (inputs: Readonly<Record<string, Tensor>>) => readonly Tensor[];
  /** The same outputs in float64. */
  readonly reference: (inputs: Readonly<Record<string, Exact>>) => readonly Exact[];
  /** Names of the inputs to differentiate. Default: all of `inputs`. */
  readonly wanted?: readonly string[];
  /** Give inputs of two dimensions and more as channel ranges of larger tensors. Default false. */
  readonly inRange?: boolean;
  /** Allowed error of an output relative to its largest value. Default 1e-5. */
  readonly forwardTolerance?: number;
  /** Allowed error of a slope; see `gradcheck`. Default 2e-5. */
  readonly tolerance?: number;
  /** Step of the differences. Default 1e-4. */
  readonly step?: number;
}

/** Channels before and after the range that an operator reads. */
const [BEFORE, AFTER] = [1, 2] as const;

/** A differentiated input: r and s, and the range of their product that the operator reads. */
interface Placed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly wideShape: readonly number[];
  readonly ranged: boolean;
  readonly r: Float32Array;
  readonly s: Float32Array;
}

function place(name: string, { shape, data }: Values, inRange: boolean): Placed {
  const ranged = inRange && shape.length >= 2;
  const wideShape = ranged ? shape.map((size, d) => (d === 1 ? size + BEFORE + AFTER : size)) : shape;
  const s = fill(`scale/${name}`, sizeOf(wideShape)).map((u) => (u < 0 ? u - 0.5 : u + 0.5));
  const r = fill(`around/${name}`, s.length);
  for (const [i, at] of positions(shape, wideShape).entries()) r[at] = (data[i] as number) / (s[at] as number);
  return { name, shape, wideShape, ranged, r, s };
}

/** Where the elements of a channel range lie in the wide tensor. */
function positions(shape: readonly number[], wideShape: readonly number[]): Int32Array {
  const count = sizeOf(shape);
  if (shape === wideShape) return Int32Array.from({ length: count }, (_, i) => i);
  const [, channels = 1, ...rest] = shape;
  const area = sizeOf(rest);
  const [item, wideItem] = [channels * area, (channels + BEFORE + AFTER) * area];
  return Int32Array.from({ length: count }, (_, i) => Math.floor(i / item) * wideItem + BEFORE * area + (i % item));
}

/** What the operator reads at the point `r`, in float64. */
function read({ shape, wideShape, s }: Placed, r: Float32Array): Exact {
  const data = Float64Array.from(positions(shape, wideShape), (at) => (r[at] as number) * (s[at] as number));
  return { shape, data };
}

/**
 * Compares outputs of the operator with the reference, and gradients through it with central differences of the
 * reference. Returns the slopes; throws, with the figures, when something is outside its tolerance.
 */
export async function checkMidGraph(context: Context, test: MidGraphCase): Promise<GradcheckRow[]> {
  const { inputs, fixed = {}, reference, wanted = Object.keys(inputs), inRange = false } = test;
  const placed = Object.entries(inputs).map(([name, values]) => place(name, values, inRange));
  const constants = Object.fromEntries(
    Object.entries(fixed).map(([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data) }]),
  );
  const outputsAt = (points: Arrays): readonly Exact[] => {
    const values = placed.map((input) => [input.name, read(input, points[input.name] as Float32Array)]);
    return reference({ ...constants, ...Object.fromEntries(values) });
  };

  const point = Object.fromEntries(placed.map(({ name, r }) => [name, r]));
  const expected = outputsAt(point);
  const noise = (name: string): Values[] =>
    expected.map(({ shape, data }, k) => ({ shape, data: fill(`${name}/${k}`, data.length) }));
  const [w, c] = [noise('w'), noise('c')];

  const results = await run(context, test, placed, wanted, w, c);
  for (const [k, y] of expected.entries()) {
    expectClose(
      results[`y${k}`]?.data as Float32Array,
      y.data,
      { maxAbsOfMax: test.forwardTolerance ?? 1e-5 },
      `output ${k}`,
    );
  }
  return gradcheck({
    inputs: point,
    gradients: Object.fromEntries(wanted.map((name) => [name, results[`d_${name}`]?.data as Float32Array])),
    forward: (at) =>
      outputsAt(at).map(({ data }, k) => data.map((value, i) => value * (value + (w[k]?.data[i] as number)))),
    upstream: c.map(({ data }) => data),
    step: test.step ?? 1e-4,
    tolerance: test.tolerance ?? 2e-5,
    directions: 2,
  });
}

function requireShapes(outputs: readonly Tensor[], expected: readonly Values[]): void {
  const [found, wanted] = [outputs, expected].map((all) => all.map(({ shape }) => formatShape(shape)).join(', '));
  if (found !== wanted) throw new Error(`the outputs have the shapes ${found}, expected ${wanted}`);
}

/** The outputs `y0`, `y1`, ... and the gradients `d_<input>`, from one plan. */
function run(
  context: Context,
  { operator, fixed }: MidGraphCase,
  placed: readonly Placed[],
  wanted: readonly string[],
  w: readonly Values[],
  c: readonly Values[],
): Promise<Record<string, HostTensor>> {
  const graph = (tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> => {
    const of = (name: string): Tensor => operandNamed(tensors, name);
    const read = placed.map(({ name, shape, ranged }) => {
      const product = mul(of(`r/${name}`), of(`s/${name}`));
      return [name, ranged ? narrow(product, 1, BEFORE, shape[1] as number) : product];
    });
    const given = Object.keys(fixed ?? {}).map((name) => [name, of(`fixed/${name}`)]);
    const outputs = operator(Object.fromEntries([...read, ...given]));
    requireShapes(outputs, w);
    const ends = outputs.map((y, k) => ({ output: mul(y, add(y, of(`w/${k}`))), gradient: of(`c/${k}`) }));
    const found = gradients(
      ends,
      wanted.map((name) => of(`r/${name}`)),
    );
    const named = found.map((gradient, i): [string, Tensor] => {
      if (gradient === undefined) throw new Error(`there is no gradient of '${wanted[i]}'`);
      return [`d_${wanted[i]}`, gradient];
    });
    return { ...Object.fromEntries(named), ...Object.fromEntries(outputs.map((y, k) => [`y${k}`, y])) };
  };
  const hosts: [string, HostTensor][] = [
    ...placed.flatMap(({ name, wideShape: shape, r, s }): [string, HostTensor][] => [
      [`r/${name}`, { shape, data: r }],
      [`s/${name}`, { shape, data: s }],
    ]),
    ...Object.entries(fixed ?? {}).map(([name, host]): [string, HostTensor] => [`fixed/${name}`, host]),
    ...w.map((host, k): [string, HostTensor] => [`w/${k}`, host]),
    ...c.map((host, k): [string, HostTensor] => [`c/${k}`, host]),
  ];
  return evaluate(context, graph, Object.fromEntries(hosts));
}
