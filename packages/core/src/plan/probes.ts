/**
 * Probes: what a device must compute rightly before a plan may rely on it.
 *
 * A feature that is offered is not always one that works: drivers with broken float16 exist, and a wrong segmentation
 * looks like any other. So an operator that uses such a feature names a small computation with a known result
 * (`Operator.probes`). Each is run once per context; what is kept is the fault, so that later plans know at once. What
 * it is kept for is the probe, not its name.
 */
import type { Context } from '../context/context.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Probe } from '../graph/operator.js';
import { trace } from '../graph/trace.js';
import type { TensorData } from '../tensor/host-data.js';
import type { RunInputs } from './inputs.js';

/** Plans a graph, runs it once, and frees everything. */
type Run = (graph: Graph, inputs: RunInputs) => Promise<Record<string, TensorData>>;

const known = new WeakMap<Context, WeakMap<Probe, Promise<string | undefined>>>();

/** What the first of the nodes' probes that fails says; undefined when all pass. @throws InfnetError `CONTEXT_LOST`. */
export async function faultOfProbes(
  context: Context,
  nodes: readonly GraphNode[],
  run: Run,
): Promise<string | undefined> {
  const results = known.get(context) ?? new WeakMap<Probe, Promise<string | undefined>>();
  known.set(context, results);
  for (const probe of new Set(nodes.flatMap((node) => node.operator.probes?.(node) ?? []))) {
    const result = results.get(probe) ?? faultOf(context, probe, run);
    results.set(probe, result);
    const fault = await result;
    if (fault !== undefined) return `${probe.name}: ${fault}`;
  }
  return undefined;
}

async function faultOf(context: Context, probe: Probe, run: Run): Promise<string | undefined> {
  const entries = Object.entries(probe.inputs);
  const graph = trace(
    (inputs) => probe.compute(inputs),
    Object.fromEntries(entries.map(([name, { shape }]) => [name, shape])),
  );
  try {
    const inputs = Object.fromEntries(entries.map(([name, { data }]) => [name, data]));
    return probe.fault(await run(graph, inputs));
  } catch (error) {
    // A kernel that does not compile is a fault of the device; a device that is gone is not.
    context.assertAlive('preparePlan');
    return error instanceof Error ? error.message : String(error);
  }
}
