/**
 * `npm run bench -- --memory`: what a training step of Inf-Net takes, computed from its plan: nothing runs and nothing is
 * allocated, so any size can be asked for on any machine.
 */
import { ParameterStore, type PlanMemory, schedule } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { Adam, infNetLoss, traceStep } from '@infnet/trainer';
import type { Suite } from './suite.js';
import { formatTable } from './table.js';

export const memorySuite: Suite = async (context, { size, batch }) => {
  const net = new InfNet();
  const parameters = new ParameterStore(context, net);
  const optimizer = new Adam(parameters);
  const map = [batch, 1, size, size] as const;
  const memoryOf = (recompute: boolean): PlanMemory => {
    const { graph } = traceStep({
      net,
      optimizer,
      inputs: { image: [batch, 3, size, size], mask: map, edge: map },
      loss: ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }),
      recompute,
    });
    return schedule(graph, { device: context.profile }).memory;
  };
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
