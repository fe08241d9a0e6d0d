/**
 * `npm run bench -- --memory`: what a training step of Inf-Net takes, computed from its plan: nothing runs and nothing
 * is allocated, so any size can be asked for on any machine.
 */
import { ParameterStore, type PlanMemory, schedule } from '@infnet/core';
import { Adam, traceStep } from '@infnet/trainer';
import { stepOptions, traceWorkload } from './peers/workloads.js';
import type { Suite } from './suite.js';
import { formatTable } from './table.js';

export const memorySuite: Suite = async (context, { size, batch }) => {
  const workload = { kind: 'step', net: 'inf-net', batch, size, ownLoss: true } as const;
  const options = stepOptions(workload, traceWorkload(workload));
  const optimizer = new Adam(new ParameterStore(context, options.net));
  const memoryOf = (recompute: boolean): PlanMemory =>
    schedule(traceStep({ ...options, optimizer, recompute }).graph, { device: context.profile }).memory;
  console.log(`Inf-Net, a training step with Adam, ${batch} x ${size} x ${size}: megabytes by the plan\n`);
  const rows = [false, true].map((recompute) => {
    const memory = memoryOf(recompute);
    const { parameters: kept, activations, activationsLowerBound, activationsWithoutReuse, total } = memory;
    const cells = [kept, activations, activationsLowerBound, activationsWithoutReuse, total];
    return [recompute ? 'maps recomputed' : 'maps kept', ...cells.map((bytes) => (bytes / 1e6).toFixed(0))];
  });
  const header = ['', 'parameters, moments', 'maps and gradients', 'at least', 'without reuse', 'in all'];
  console.log(formatTable(header, rows).join('\n'));
};
