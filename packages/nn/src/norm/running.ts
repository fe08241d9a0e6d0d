/** How a batch moves the running statistics of instance norm. */
import {
  defineOperator,
  dispatch,
  MOST_EPS,
  type NamedOperator,
  requireBetween,
  requireInteger,
  requireShape,
  requireType,
  shapeError,
} from '@infnet/core';
import { type Kernel, lineCall, sizedCall } from '@infnet/core/kernels';
import source from './running.wgsl';

export const instanceRunningKernel: Kernel = { name: 'nn/instance-running', source };

export type InstanceRunningAttributes = {
  readonly eps: number;
  /** Share of the batch in the new running statistics. */
  readonly momentum: number;
  /** Values of a plane, at least 2: one has no variance. */
  readonly size: number;
};

const INPUTS = ['statistics', 'runningMean', 'runningVar'] as const;
const OUTPUTS = ['newMean', 'newVar'] as const;

/** Inputs: the statistics [3, N * C] of `groupNorm` over C groups, running mean and variance [C]. Outputs: the new. */
export const instanceRunningOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, InstanceRunningAttributes> =
  defineOperator({
    name: 'instanceRunning',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer(inputs, { eps, momentum, size }: InstanceRunningAttributes, where) {
      const { statistics, runningMean, runningVar } = inputs;
      requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
      requireBetween(momentum, 0, 1, 'the momentum', where);
      requireInteger(size, 2, 'the number of values', where);
      for (const [name, type] of Object.entries(inputs)) requireType(type, 'f32', name, where);
      const channels = runningMean.shape[0] ?? 0;
      requireShape(runningMean.shape, [channels], 'the running mean', where);
      requireShape(runningVar.shape, [channels], 'the running variance', where);
      const [figures, planes = 0] = statistics.shape;
      if (statistics.shape.length !== 2 || figures !== 3 || planes % channels !== 0) {
        shapeError('SHAPE_MISMATCH', where, `the statistics are [${statistics.shape}]; [3, N * ${channels}] is needed`);
      }
      return { newMean: runningMean, newVar: runningVar };
    },
    lower({ inputs, outputs, attributes: { eps, momentum, size } }) {
      const views = { ...inputs, ...outputs };
      const channels = inputs.runningMean.type.shape[0] as number;
      const planes = inputs.statistics.type.shape[1] as number;
      const offsets = Object.entries(views).map(([name, { offset }]) => [`${name}Offset`, offset] as const);
      const call = lineCall(instanceRunningKernel, {
        params: {
          ...Object.fromEntries(offsets),
          batch: planes / channels,
          eps,
          momentum,
          unbiased: size / (size - 1),
        },
        invocations: channels,
        flops: 5 * planes,
        values: 3 * planes + 4 * channels,
      });
      const sizes = Object.entries(views).map(([name, { offset }]) => [name, offset + channels] as const);
      const elements = { ...Object.fromEntries(sizes), statistics: inputs.statistics.offset + 3 * planes };
      return [dispatch(sizedCall('instanceRunning', call, elements), views)];
    },
  });
