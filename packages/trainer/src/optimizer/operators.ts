/** The operators at the end of a training step: statistics of gradients, the decision, and updates in place. */
import {
  apply,
  applyOne,
  type Dispatch,
  dispatchLine,
  elementCount,
  type Graph,
  type Kernel,
  type Operator,
  type Parameter,
  sharesWorkgroupMemory,
  type Tensor,
  type View,
} from '@infnet/core';
import accumulateSource from './accumulate.wgsl';
import statisticsSource from './gradient-statistics.wgsl';
import totalSource from './gradient-statistics-total.wgsl';
import { CONTROL_SIZE } from './records.js';
import type { SegmentGroup, SegmentTable } from './segments.js';
import controlSource from './step-control.wgsl';
import verdictSource from './step-verdict.wgsl';
import storeSource from './store-values.wgsl';

export const gradientStatisticsKernel: Kernel = { name: 'trainer/gradient-statistics', source: statisticsSource };
export const gradientStatisticsTotalKernel: Kernel = { name: 'trainer/gradient-statistics-total', source: totalSource };
export const stepControlKernel: Kernel = { name: 'trainer/step-control', source: controlSource };
export const stepVerdictKernel: Kernel = { name: 'trainer/step-verdict', source: verdictSource };
export const accumulateKernel: Kernel = { name: 'trainer/accumulate', source: accumulateSource };
export const storeValuesKernel: Kernel = { name: 'trainer/store-values', source: storeSource };

type GroupsAttributes = { readonly groups: readonly SegmentGroup[] };

const gridOf = ({ workgroups, count }: SegmentGroup): readonly [number, number, number] => [workgroups, count, 1];

export type StatisticsAttributes = GroupsAttributes & {
  /** Whether the lanes of a workgroup share a part; default: where barriers are cheap. For tests and comparisons. */
  readonly shared?: boolean;
};

/** The root of a sum of squares as squares.part.wgsl has it: negative where it was shrunk by 2^-160. */
export function rootOfSquares(sum: number): number {
  return sum < 0 ? Math.sqrt(-sum) * 2 ** 80 : Math.sqrt(sum);
}

/**
 * Inputs: the table, the lines. Output: [segments, 2], sum of squares (see {@link rootOfSquares}) and largest magnitude
 * (bits of floats).
 */
export const gradientStatisticsOperator: Operator<StatisticsAttributes> = {
  name: 'gradientStatistics',
  infer: ([table]) => [{ shape: [table?.shape[0] as number, 2], dtype: 'f32' }],
  lower({ inputs: [segments, ...lines], outputs, attributes, device, scratch }) {
    const { groups, shared: isShared = sharesWorkgroupMemory(device.traits) } = attributes;
    const statistics = outputs[0] as View;
    return groups.flatMap((group): Dispatch[] => {
      const g = lines[group.line] as View;
      const parts = group.workgroups * group.count;
      const partial = scratch(2 * parts, 'partial statistics');
      const shared = { groups: group.workgroups, partialOffset: 0 };
      const measure: Dispatch = {
        kernel: gradientStatisticsKernel,
        constants: { SHARED: Number(isShared) },
        params: { ...shared, gOffset: g.offset, firstSegment: group.first, ...(isShared ? {} : { parts }) },
        workgroups: isShared ? gridOf(group) : dispatchLine(Math.ceil(parts / 64)),
        flops: 3 * group.values,
        bytes: 4 * (group.values + 2 * parts),
        operands: { g, segments: segments as View, partial },
      };
      const total: Dispatch = {
        kernel: gradientStatisticsTotalKernel,
        constants: {},
        params: { ...shared, statisticsOffset: statistics.offset + 2 * group.first, count: group.count },
        workgroups: [Math.ceil(group.count / 64), 1, 1],
        flops: 2 * parts,
        bytes: 8 * (parts + group.count),
        operands: { partial, statistics },
      };
      return [measure, total];
    });
  },
};

/** Inputs: statistics, loss, numbers. Output: the control; see step-control.wgsl. */
export const stepControlOperator: Operator<Record<string, never>> = {
  name: 'stepControl',
  infer: () => [{ shape: [CONTROL_SIZE], dtype: 'f32' }],
  lower({ inputs, outputs }) {
    const [statistics, loss, numbers] = inputs as readonly [View, View, View];
    const result = outputs[0] as View;
    const count = statistics.type.shape[0] as number;
    const params = {
      statisticsOffset: statistics.offset,
      lossOffset: loss.offset,
      numbersOffset: numbers.offset,
      resultOffset: result.offset,
      count,
    };
    const operands = { statistics, loss, numbers, result };
    const cost = { flops: 2 * count, bytes: 8 * count + 68 };
    return [{ kernel: stepControlKernel, constants: {}, params, workgroups: [1, 1, 1], ...cost, operands }];
  },
};

/**
 * Workgroups for each parameter that look at its new values. Few, because they seldom look: mostly each only finds that
 * it has nothing to do.
 */
const MOST_LOOKING = 8;

/**
 * Looks at a step before it changes anything. Inputs: table, numbers, control, then `slabs` as the update has them,
 * then lines, last (with `statistics`) the figures of the new running statistics. Output: the control; see
 * step-verdict.wgsl.
 */
export function verdictOperator(
  update: SegmentUpdate,
  { values, statistics }: { readonly values: boolean; readonly statistics: boolean },
): Operator<Record<string, never>> {
  return {
    name: 'stepVerdict',
    infer: () => [{ shape: [CONTROL_SIZE], dtype: 'f32' }],
    lower({ inputs, outputs, scratch }) {
      const [segments, numbers, control, ...rest] = inputs as readonly [View, View, View, ...View[]];
      const figures = statistics ? (rest.at(-1) as View) : undefined;
      const slabs = rest.slice(0, update.slabs);
      const lines = rest.slice(update.slabs, statistics ? -1 : undefined);
      const groups = values ? update.table.groups : [];
      const looking = groups.map(({ workgroups }) => Math.min(workgroups, MOST_LOOKING));
      const counts = groups.map(({ count }, i) => count * (looking[i] as number));
      const parts = counts.reduce((sum, count) => sum + count, 0);
      const largest = values ? scratch(3 * parts, 'largest new values') : undefined;
      const looks = groups.map((group, i) => {
        const before = counts.slice(0, i).reduce((sum, count) => sum + count, 0);
        const view = largest as View;
        const told = { view, offset: view.offset + 3 * before, groups: looking[i] as number };
        return update.dispatch(group, { segments, numbers, control, slabs, lines, largest: told });
      });
      const result = outputs[0] as View;
      const verdict: Dispatch = {
        kernel: stepVerdictKernel,
        constants: { VALUES: Number(values), STATISTICS: Number(statistics) },
        params: {
          controlOffset: control.offset,
          resultOffset: result.offset,
          ...(largest === undefined ? {} : { largestOffset: largest.offset, parts }),
          ...(figures === undefined
            ? {}
            : { statisticsOffset: figures.offset, statisticsCount: figures.type.shape[0] as number }),
        },
        workgroups: [1, 1, 1],
        flops: 3 * parts,
        bytes: 4 * (3 * parts + 2 * CONTROL_SIZE),
        operands: {
          ...{ control, result },
          ...(largest === undefined ? {} : { largest }),
          ...(figures === undefined ? {} : { statistics: figures }),
        },
      };
      return [...looks, verdict];
    },
  };
}

/** What an update in place is made of. Its inputs: table, numbers, control, then `slabs`, then `lines`. */
export interface SegmentUpdate {
  readonly name: string;
  readonly table: SegmentTable;
  /** How many of the inputs from the fourth on are slabs, which are changed. */
  readonly slabs: number;
  /** The dispatch of a group of segments. */
  dispatch(group: SegmentGroup, operands: UpdateOperands): Dispatch;
}

export interface UpdateOperands {
  readonly segments: View;
  readonly numbers: View;
  readonly control: View;
  readonly slabs: readonly View[];
  readonly lines: readonly View[];
  /**
   * Given: change nothing, and write there the largest magnitudes of the new values, three for each workgroup, of which
   * every parameter has `groups`.
   */
  readonly largest?: { readonly view: View; readonly offset: number; readonly groups: number };
}

/** Applies an update to slabs in place and registers the result with the graph. */
export function updateSlabs(
  graph: Graph,
  update: SegmentUpdate,
  inputs: {
    readonly segments: Tensor;
    readonly numbers: Tensor;
    readonly control: Tensor;
    readonly slabs: readonly Parameter[];
    readonly lines: readonly Tensor[];
  },
): void {
  const { segments, numbers, control, slabs, lines } = inputs;
  const tensors = slabs.map((slab) => graph.parameter(slab));
  const changed = apply(updateOperator(update), [segments, numbers, control, ...tensors, ...lines], {});
  for (const [i, slab] of slabs.entries()) graph.update(slab, changed[i] as Tensor);
}

const FIXED_INPUTS = 3;

function updateOperator(update: SegmentUpdate): Operator<Record<string, never>> {
  const { name, slabs, table } = update;
  return {
    name,
    infer: (inputs) => inputs.slice(FIXED_INPUTS, FIXED_INPUTS + slabs),
    updatesInPlace: Array.from({ length: slabs }, (_, i) => [i, FIXED_INPUTS + i] as const),
    lower({ inputs }) {
      const [segments, numbers, control, ...rest] = inputs as readonly [View, View, View, ...View[]];
      const operands = { segments, numbers, control, slabs: rest.slice(0, slabs), lines: rest.slice(slabs) };
      return table.groups.map((group) => update.dispatch(group, operands));
    },
  };
}

/** The update that puts values where parameters are: running statistics, unless the step is void. */
export function storeValuesUpdate(table: SegmentTable, slabs: number): SegmentUpdate {
  return {
    name: 'storeValues',
    table,
    slabs,
    dispatch(group, { segments, control, slabs, lines }) {
      const [p, x] = [slabs[group.slab] as View, lines[group.line] as View];
      return {
        kernel: storeValuesKernel,
        constants: {},
        params: {
          xOffset: x.offset,
          controlOffset: control.offset,
          firstSegment: group.first,
          groups: group.workgroups,
        },
        workgroups: gridOf(group),
        flops: 0,
        bytes: 8 * group.values,
        operands: { p, x, segments, control },
      };
    },
  };
}

/** Inputs: sum (a parameter), line, numbers. Output: the new sum, in place. */
export const accumulateOperator: Operator<Record<string, never>> = {
  name: 'accumulate',
  infer: ([sum]) => [sum as never],
  updatesInPlace: [[0, 0]],
  lower({ inputs }) {
    const [sum, g, numbers] = inputs as readonly [View, View, View];
    const count = elementCount(g.type.shape);
    return [
      {
        kernel: accumulateKernel,
        constants: {},
        params: { gOffset: g.offset, numbersOffset: numbers.offset, count },
        workgroups: dispatchLine(Math.ceil(count / 64)),
        flops: count,
        bytes: 12 * count,
        operands: { sum, g, numbers },
      },
    ];
  },
};

/** Adds a line of gradients to the line of the batches before. */
export function accumulate(sum: Parameter, line: Tensor, numbers: Tensor): Tensor {
  const { graph } = line;
  const result = applyOne(accumulateOperator, [graph.parameter(sum), line, numbers], {});
  graph.update(sum, result);
  return result;
}
