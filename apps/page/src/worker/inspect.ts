/** Inspect: the net as it was traced, planned and lowered, and where its time goes. */
import {
  type Context,
  elementCount,
  type GraphNode,
  InfnetError,
  ParameterStore,
  type Plan,
  preparePlan,
  type ScheduledDispatch,
  type Shape,
  type Tensor,
  trace,
} from '@infnet/core';
import { kernelVariant } from '@infnet/core/kernels';
import { parameterCount } from '@infnet/inf-net';
import type { Progress } from '../protocol.js';
import { taskNamed } from '../tasks.js';
import type { Gpu } from './gpu.js';
import type { Handlers } from './handlers.js';
import type { DispatchReport, InspectMethods, InspectReport, NetChoice, NodeReport } from './inspect-protocol.js';
import type { Network } from './network.js';

interface Inspected {
  readonly context: Context;
  readonly plan: Plan;
  readonly parameters: ParameterStore;
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

export function inspectHandlers(gpu: Gpu, network: Network): Handlers<InspectMethods> {
  let inspected: Inspected | undefined;
  const current = (): Inspected => {
    if (inspected !== undefined && inspected.context.status === 'alive') return inspected;
    const message = inspected === undefined ? 'No net was traced yet.' : 'The GPU device was lost.';
    throw new InfnetError({ code: 'INSPECT_NOTHING', message, fix: 'Trace the net again.' });
  };
  const prepare = async (choice: NetChoice, tell: (progress: Progress) => void): Promise<InspectReport> => {
    const context = await gpu.context();
    inspected?.plan.dispose();
    inspected?.parameters.dispose();
    inspected = undefined;
    const { net, state, described } = netOf(choice, network);
    const { size, batch } = choice;
    const parameters = new ParameterStore(context, net.module);
    try {
      if (state === undefined) parameters.initialize(1);
      else parameters.load(state);
      const shapes = Object.entries(net.inputShapes(size)).map(([name, shape]) => [name, [batch, ...shape]] as const);
      const graph = trace(
        (inputs: Readonly<Record<string, Tensor>>) => ({ logits: net.forward(inputs).logits }),
        Object.fromEntries(shapes),
      );
      const plan = await preparePlan(context, graph, {
        parameters,
        onProgress: ({ done, total }) => tell({ what: 'Compiling GPU programs', done, total }),
      });
      inspected = { context, plan, parameters, inputs: testInputs(shapes) };
      const { constantDispatches, dispatches, memory } = plan.schedule;
      return {
        net: { ...described, size, batch },
        nodes: graph.nodes.map(nodeReport),
        dispatches: dispatches.map(dispatchReport),
        constantDispatches: constantDispatches.length,
        parameters: parameterCount(net.module),
        memory: { ...memory },
      };
    } catch (error) {
      parameters.dispose();
      throw error;
    }
  };
  return {
    inspect: ({ choice }, { tell }) => prepare(choice, tell),
    kernelSource({ dispatch }) {
      const { kernel, constants } = current().plan.schedule.dispatches[dispatch] as ScheduledDispatch;
      return { code: kernelVariant(kernel, constants).code };
    },
    async measure({ runs }, { tell, signal }) {
      const { context, plan, inputs } = current();
      const canTime = context.device.features.has('timestamp-query');
      const walls: number[] = [];
      const times: number[][] = [];
      let trace: string | undefined;
      await plan.run(inputs);
      for (let run = 0; run < runs; run++) {
        if (signal.aborted) throw new InfnetError({ code: 'STOPPED', message: 'Stopped.' });
        tell({ what: 'Measuring', done: run, total: runs });
        const begun = performance.now();
        await plan.run(inputs);
        walls.push((performance.now() - begun) / 1000);
        if (!canTime) continue;
        const profile = await plan.profile(inputs);
        times.push(profile.entries.map(({ seconds }) => seconds));
        trace = JSON.stringify(profile.chromeTrace());
      }
      const count = times[0]?.length ?? 0;
      const seconds = Array.from({ length: count }, (_, i) => median(times.map((row) => row[i] as number)));
      return { seconds: canTime ? seconds : undefined, wall: median(walls), runs, trace };
    },
  };
}

function netOf(choice: NetChoice, network: Network) {
  const { weights } = network;
  if (choice.from === 'weights' && weights !== undefined) {
    const { task, net, state, report } = weights;
    const described = { weights: report.name, weightsSha256: report.sha256 };
    return { net, state, described: { task: task.name, options: net.options, title: net.title, ...described } };
  }
  const net = taskNamed(choice.task).net(choice.options);
  return { net, state: undefined, described: { task: choice.task, options: choice.options, title: net.title } };
}

function nodeReport({ scope, operator, inputs, outputs, attributes }: GraphNode): NodeReport {
  const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => shape.join('×'));
  return {
    scope,
    operator: operator.name,
    inputs: shapes(inputs),
    outputs: shapes(outputs),
    attributes: Object.entries(attributes)
      .filter(([, value]) => ['number', 'string', 'boolean'].includes(typeof value) || Array.isArray(value))
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join('×') : value}`)
      .join(', '),
  };
}

function dispatchReport(dispatch: ScheduledDispatch, index: number): DispatchReport {
  const { scope, operator, kernel, constants, params, workgroups, operands, flops, bytes } = dispatch;
  const { code } = kernelVariant(kernel, constants);
  const size = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1] ?? '';
  return {
    index,
    scope,
    operator,
    kernel: kernel.name,
    constants: { ...constants } as DispatchReport['constants'],
    params: { ...params },
    workgroups: [...workgroups],
    workgroupSize: size
      .split(',')
      .map((part) => Number.parseInt(part, 10))
      .filter(Number.isFinite),
    operands: Object.entries(operands).map(([name, { type }]) => `${name} ${type.shape.join('×')}`),
    flops,
    bytes,
  };
}

/** Values like those of a normalised picture, the same every time. */
function testInputs(shapes: readonly (readonly [string, Shape])[]): Record<string, Float32Array> {
  const values = (shape: Shape): Float32Array =>
    Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.fround(((i * 7919) % 1009) / 504.5 - 1));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, values(shape)]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
