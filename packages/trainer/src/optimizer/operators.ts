/** The operators at the end of a training step: statistics of gradients, the decision, and updates in place. */
import {
  applyNamed,
  applyOne,
  type Dispatch,
  defineOperator,
  dispatch,
  elementCount,
  type Graph,
  type NamedOperator,
  type Operator,
  operandAt,
  type Parameter,
  type Tensor,
  type View,
} from '@infnet/core';
import { dispatchLine, type Kernel, lineCall, sharesWorkgroupMemory } from '@infnet/core/kernels';
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

const CONTROL = { shape: [CONTROL_SIZE], dtype: 'f32' } as const;

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
export const gradientStatisticsOperator: NamedOperator<
  readonly ['segments', '...lines'],
  readonly ['statistics'],
  StatisticsAttributes
> = defineOperator({
  name: 'gradientStatistics',
  inputs: ['segments', '...lines'],
  outputs: ['statistics'],
  infer: ({ segments }) => ({ statistics: { shape: [segments.shape[0] as number, 2], dtype: 'f32' } }),
  lower({ inputs: { segments, lines }, outputs: { statistics }, attributes, device, scratch }) {
    const { groups, shared: isShared = sharesWorkgroupMemory(device.traits) } = attributes;
    return groups.flatMap((group): Dispatch[] => {
      const g = operandAt(lines, group.line);
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
        operands: { g, segments, partial },
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
});

/** The decision of a step; see step-control.wgsl. */
export const stepControlOperator: NamedOperator<
  readonly ['statistics', 'loss', 'numbers'],
  readonly ['control'],
  Record<string, never>
> = defineOperator({
  name: 'stepControl',
  inputs: ['statistics', 'loss', 'numbers'],
  outputs: ['control'],
  infer: () => ({ control: CONTROL }),
  lower({ inputs: { statistics, loss, numbers }, outputs: { control: result } }) {
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
});

/**
 * Workgroups for each parameter that look at its new values. Few, because they seldom look: mostly each only finds that
 * it has nothing to do.
 */
const MOST_LOOKING = 8;

const VERDICT_INPUTS = ['segments', 'numbers', 'control', '...slabs', '...lines', 'figures?'] as const;

/**
 * Looks at a step before it changes anything. `slabs` are as the update has them, `figures` (with `statistics`) those
 * of the new running statistics. Output: the control; see step-verdict.wgsl.
 */
export function verdictOperator(
  update: SegmentUpdate,
  { values, statistics }: { readonly values: boolean; readonly statistics: boolean },
): NamedOperator<typeof VERDICT_INPUTS, readonly ['control'], Record<string, never>> {
  return defineOperator({
    name: 'stepVerdict',
    inputs: VERDICT_INPUTS,
    outputs: ['control'],
    counts: () => ({ inputs: { slabs: update.slabs, figures: statistics } }),
    infer: () => ({ control: CONTROL }),
    lower({ inputs: { figures, control, ...inputs }, outputs: { control: result }, scratch }) {
      let parts = 0;
      const looking = (values ? update.table.groups : []).map((group) => {
        const groups = Math.min(group.workgroups, MOST_LOOKING);
        const before = parts;
        parts += group.count * groups;
        return { group, groups, before };
      });
      const view = values ? scratch(3 * parts, 'largest new values') : undefined;
      const looks = looking.map(({ group, groups, before }) => {
        const largest = view && { view, offset: view.offset + 3 * before, groups };
        return update.dispatch(group, { ...inputs, control, largest });
      });
      const verdict = {
        kernel: stepVerdictKernel,
        constants: { VALUES: Number(values), STATISTICS: Number(statistics) },
        params: {
          controlOffset: control.offset,
          resultOffset: result.offset,
          ...(view && { largestOffset: view.offset, parts }),
          ...(figures && { statisticsOffset: figures.offset, statisticsCount: figures.type.shape[0] as number }),
        },
        workgroups: [1, 1, 1] as const,
        flops: 3 * parts,
        bytes: 4 * (3 * parts + 2 * CONTROL_SIZE),
      };
      return [...looks, dispatch(verdict, { control, result, largest: view, statistics: figures })];
    },
  });
}

/** What an update in place is made of. */
export interface SegmentUpdate {
  readonly name: string;
  readonly table: SegmentTable;
  /** How many slabs there are, which are changed. */
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
  readonly largest?: { readonly view: View; readonly offset: number; readonly groups: number } | undefined;
}

/** What an update is applied to. */
export interface UpdateTensors {
  readonly segments: Tensor;
  readonly numbers: Tensor;
  readonly control: Tensor;
  readonly slabs: readonly Parameter[];
  readonly lines: readonly Tensor[];
}

/** Applies an update to slabs in place and registers the result with the graph. */
export function updateSlabs(graph: Graph, update: SegmentUpdate, inputs: UpdateTensors): void {
  const changed = applyNamed(updateOperator(update), inputs, {});
  for (const [i, slab] of inputs.slabs.entries()) graph.update(slab, operandAt(changed.slabs, i));
}

const UPDATE_INPUTS = ['segments', 'numbers', 'control', '...slabs', '...lines'] as const;

function updateOperator(
  update: SegmentUpdate,
): NamedOperator<typeof UPDATE_INPUTS, readonly ['...slabs'], Record<string, never>> {
  const { name, slabs: count, table } = update;
  const first = UPDATE_INPUTS.indexOf('...slabs');
  return defineOperator({
    name,
    inputs: UPDATE_INPUTS,
    outputs: ['...slabs'],
    counts: () => ({ inputs: { slabs: count } }),
    infer: ({ slabs }) => ({ slabs }),
    updatesInPlace: Array.from({ length: count }, (_, i) => [i, first + i] as const),
    lower: ({ inputs }) => table.groups.map((group) => update.dispatch(group, inputs)),
  });
}

/** The update that puts values where parameters are: running statistics, unless the step is void. */
export function storeValuesUpdate(table: SegmentTable, slabs: number): SegmentUpdate {
  return {
    name: 'storeValues',
    table,
    slabs,
    dispatch(group, { segments, control, slabs, lines }) {
      const [p, x] = [operandAt(slabs, group.slab), operandAt(lines, group.line)];
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

const ACCUMULATE_INPUTS = ['sum', 'g', 'numbers'] as const;

/** Adds a line to a sum (a parameter) in place. Output: the new sum. */
const accumulateOperator: Operator<Record<string, never>> = defineOperator({
  name: 'accumulate',
  inputs: ACCUMULATE_INPUTS,
  outputs: ['sum'],
  infer: ({ sum }) => ({ sum }),
  updatesInPlace: [[0, ACCUMULATE_INPUTS.indexOf('sum')]],
  lower({ inputs: { sum, g, numbers } }) {
    const count = elementCount(g.type.shape);
    const work = { invocations: count, flops: count, values: 3 * count };
    const params = { gOffset: g.offset, numbersOffset: numbers.offset };
    return [dispatch(lineCall(accumulateKernel, { params, ...work }), { sum, g, numbers })];
  },
});

/** Adds a line of gradients to the line of the batches before. */
export function accumulate(sum: Parameter, line: Tensor, numbers: Tensor): Tensor {
  const { graph } = line;
  const result = applyOne(accumulateOperator, [sum, line, numbers], {});
  graph.update(sum, result);
  return result;
}
