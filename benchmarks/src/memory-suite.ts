/**
 * `npm run bench -- --memory`: what a training step of Inf-Net takes, computed from its plan: nothing runs and nothing is
 * allocated, so any size can be asked for on any machine.
 */
import { ParameterStore, type PlanMemory, schedule } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { Adam, infNetLoss, traceStep } from '@infnet/trainer';
import type { Suite } from './suite.js';

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
  console.log('                    parameters, moments   maps and gradients   at least   without reuse    in all');
  for (const [name, recompute] of [
    ['maps kept', false],
    ['maps recomputed', true],
  ] as const) {
    const {
      parameters: kept,
      activations,
      activationsLowerBound,
      activationsWithoutReuse,
      total,
    } = memoryOf(recompute);
    const cells = [kept, activations, activationsLowerBound, activationsWithoutReuse, total];
    const widths = [22, 21, 11, 16, 10];
    console.log(
      name.padEnd(17) + cells.map((bytes, i) => (bytes / 1e6).toFixed(0).padStart(widths[i] as number)).join(''),
    );
  }
};
