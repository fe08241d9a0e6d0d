/**
 * `npm run bench -- --memory`: what a training step of Inf-Net takes, computed from its plan: nothing runs and nothing
 * is allocated, so any size can be asked for on any machine.
 */
import { ParameterStore, schedule } from '@infnet/core';
import { Adam, traceStep } from '@infnet/trainer';
import { stepOptions, traceWorkload } from './peers/workloads.js';
import { leave, type Suite } from './suite.js';
import { left, right } from './text.js';

export const memorySuite: Suite = async (context, options) => {
  const { size, batch } = options;
  const workload = { kind: 'step', net: 'inf-net', batch, size, ownLoss: true } as const;
  const step = stepOptions(workload, traceWorkload(workload));
  const optimizer = new Adam(new ParameterStore(context, step.net));
  const [kept, recomputed] = [false, true].map(
    (recompute) => schedule(traceStep({ ...step, optimizer, recompute }).graph, { device: context.profile }).memory,
  );
  const rows = Object.entries({ 'maps kept': kept, 'maps recomputed': recomputed }).map(([name, memory]) => {
    const { parameters, activations, activationsLowerBound, activationsWithoutReuse, total } = memory ?? {};
    const cells = [parameters, activations, activationsLowerBound, activationsWithoutReuse, total];
    return [name, ...cells.map((bytes = 0) => (bytes / 1e6).toFixed(0))];
  });
  const titles = ['parameters, moments', 'maps and gradients', 'at least', 'without reuse', 'in all'];
  const title = `Inf-Net, a training step with Adam, ${batch}x3x${size}x${size}: megabytes by the plan`;
  await leave(context, options, 'memory', { kept, recomputed }, [
    { title, blocks: [{ kind: 'table', columns: [left(''), ...titles.map(right)], rows }] },
  ]);
};
