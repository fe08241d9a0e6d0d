/**
 * `npm run bench -- --matrix`: Inf-Net's forward on matrix units ("tensor cores", experimental), compared with the
 * same adapter without.
 *
 * The last line is JSON: what the adapter multiplies, then for each batch and variant the times in seconds, the
 * relative L2 from `exact`, and how many dispatches ran on matrix units. Or `{ cannot }` with the reason.
 */
import {
  type Context,
  open,
  ParameterStore,
  type Plan,
  type Precision,
  preparePlan,
  type StateDict,
  type SubgroupMatrix,
} from '@infnet/core';
import { relativeL2 } from './peers/alternate.js';
import { traceWorkload } from './peers/workloads.js';
import { summarize, type Timing } from './statistics.js';
import type { Suite } from './suite.js';
import { formatTable } from './table.js';

export interface MatrixResults {
  /** Why nothing was measured. */
  readonly cannot?: string;
  readonly matrix?: SubgroupMatrix;
  readonly cases?: readonly {
    readonly batch: number;
    readonly size: number;
    readonly variants: Readonly<Record<string, MatrixFigures>>;
  }[];
}

interface MatrixFigures {
  readonly precision: Precision;
  readonly said: readonly string[];
  readonly onMatrixUnits: number;
  readonly error: number;
  readonly wall: Timing;
}

export interface MatrixOptions {
  readonly plain: Context;
  /** Opened with matrix units. */
  readonly flagged: Context;
  readonly size: number;
  readonly batches: readonly number[];
  readonly rounds: number;
}

export async function measure(options: MatrixOptions): Promise<MatrixResults> {
  const { flagged, size, batches } = options;
  const cases: NonNullable<MatrixResults['cases']>[number][] = [];
  for (const batch of batches) cases.push({ batch, size, variants: await measureBatch(batch, options) });
  return { matrix: flagged.profile.subgroupMatrix, cases };
}

async function measureBatch(
  batch: number,
  { plain, flagged, size, rounds }: MatrixOptions,
): Promise<Record<string, MatrixFigures>> {
  const { graph, parameters, state, inputs } = traceWorkload({ kind: 'forward', net: 'inf-net', batch, size });
  const stores = new Map([plain, flagged].map((context) => [context, new ParameterStore(context, parameters)]));
  for (const store of stores.values()) store.load(damped(state()));
  const prepared: (Omit<MatrixFigures, 'wall'> & { name: string; plan: Plan; context: Context; wall: number[] })[] = [];
  let exact: Float32Array | undefined;
  for (const [name, context, precision] of [
    ['exact', plain, 'exact'],
    ['fast', plain, 'fast'],
    ['half', plain, 'half'],
    ['half on matrix units', flagged, 'half'],
  ] as const) {
    const said: string[] = [];
    const onMessage = (line: string): void => void said.push(line);
    const plan = await preparePlan(context, graph, { parameters: stores.get(context), precision, onMessage });
    const output = (await plan.run(inputs))['output'] as Float32Array;
    exact ??= output;
    const onMatrixUnits = plan.schedule.dispatches.filter(({ kernel }) => kernel.name === 'conv/gemm-matrix').length;
    const error = relativeL2(output, exact);
    prepared.push({ name, plan, context, precision: plan.precision, said, onMatrixUnits, error, wall: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { plan, context, wall } of prepared) {
      // On the device, without reading the result.
      const begin = performance.now();
      await plan.run(inputs, { read: [] });
      await context.device.queue.onSubmittedWorkDone();
      wall.push((performance.now() - begin) / 1e3);
    }
  }
  for (const { plan } of prepared) plan.dispose();
  for (const store of stores.values()) store.dispose();
  return Object.fromEntries(
    prepared.map(({ name, plan: _, context: __, wall, ...figures }) => [name, { ...figures, wall: summarize(wall) }]),
  );
}

/** What {@link measure} found, or why there was nothing to measure. */
export async function run({ size, quick }: { readonly size: number; readonly quick: boolean }): Promise<MatrixResults> {
  const said: string[] = [];
  const flagged = await open({ experimental: { subgroupMatrix: true }, onMessage: (line) => said.push(line) });
  try {
    if (flagged.profile.subgroupMatrix === undefined) return { cannot: said.at(-1) };
    const plain = await open({ experimental: {}, onMessage: () => {} });
    try {
      return await measure({ plain, flagged, size, batches: quick ? [1] : [1, 8], rounds: quick ? 2 : 15 });
    } finally {
      plain.dispose();
    }
  } finally {
    flagged.dispose();
  }
}

export const matrixSuite: Suite = async (_, options) => {
  const found = await run(options);
  console.log([...matrixLines(found), JSON.stringify(found)].join('\n'));
};

export function matrixLines(found: MatrixResults | undefined): string[] {
  const title = 'Matrix units (experimental), forward of Inf-Net at precision half';
  if (found === undefined) return [`${title}: not measured`];
  const { cannot, matrix, cases } = found;
  if (matrix === undefined || cases === undefined) return [`${title}: cannot; ${cannot}`];
  const milliseconds = (seconds: number): string => (1e3 * seconds).toFixed(2);
  const rows = cases.flatMap(({ batch, size, variants }) =>
    Object.entries(variants).map(([name, { error, wall, onMatrixUnits }]) => [
      `${batch}x3x${size}x${size}`,
      name,
      `${milliseconds(wall.median)} (${milliseconds(wall.smallest)} to ${milliseconds(wall.largest)})`,
      error.toExponential(1),
      `${onMatrixUnits}`,
    ]),
  );
  const said = new Set(cases.flatMap(({ variants }) => Object.values(variants).flatMap(({ said }) => said)));
  return [
    `${title}; ${matrix.M} x ${matrix.N} x ${matrix.K}. error: relative L2 from exact.`,
    ...formatTable(['images', 'plan', 'ms', 'error', 'dispatches on matrix units'], rows, [1]),
    ...[...said].map((line) => `  ${line}`),
  ];
}

/**
 * Weights of convolutions that are smaller than they were drawn: batch norm that has seen nothing does not normalise,
 * and what grows from block to block would leave float16, in which matrix units take their operands.
 */
function damped(state: StateDict): StateDict {
  return new Map(
    [...state].map(([name, { shape, data }]) => [
      name,
      { shape, data: shape.length === 4 ? Float32Array.from(data, (v) => 0.7 * v) : data },
    ]),
  );
}
