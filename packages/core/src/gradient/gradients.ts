/**
 * Reverse-mode differentiation as a graph transformation.
 *
 * `gradients` walks the nodes of a trace backwards from the losses and asks each operator for the gradients of its
 * inputs. The answers are ordinary operator applications in the same graph, so the planner fuses, places and schedules
 * them like anything else, and a training step is one plan. Where a tensor is used several times, its gradients are
 * added in the reverse order of use: a fixed order, so the same seed gives the same bits.
 */
import { InfnetError } from '@infnet/errors';
import type { Graph, GraphNode, TensorLike } from '../graph/graph.js';
import { addTo } from '../graph/multi-map.js';
import { Tensor } from '../graph/tensor.js';
import { checkNames } from '../kernel/options.js';
import { formatShape, sameShape } from '../tensor/types.js';
import { fill, sumTensors } from './sum.js';

/** An output with the gradient that flows into it. */
export interface Upstream {
  readonly output: Tensor;
  /** Same shape as the output. Default for a one-element output: 1. */
  readonly gradient?: Tensor;
}

/**
 * Gradients with respect to `targets`, inside a trace.
 *
 * @param of a scalar loss, or outputs with their upstream gradients (a vector-Jacobian product).
 * @param targets tensors and parameters of the same trace.
 * @returns one tensor per target, of the target's shape; undefined where the outputs do not depend on it.
 * @throws InfnetError `GRADIENT_SHAPE` for a loss with more than one element and no upstream, `GRADIENT_MISSING` for an
 * operator without a gradient on the way.
 */
export function gradients(of: Tensor | readonly Upstream[], targets: readonly TensorLike[]): (Tensor | undefined)[] {
  const upstreams = of instanceof Tensor ? [{ output: of }] : of;
  const first = upstreams[0];
  if (first === undefined) return targets.map(() => undefined);
  const { graph } = first.output;
  const tensors = targets.map((target) => (target instanceof Tensor ? target : graph.parameter(target)));
  for (const upstream of upstreams) checkNames('gradients', upstream, ['output', 'gradient'], 'field');
  const nodes = [...graph.nodes];
  const dependent = dependents(nodes, tensors);
  const collected = new Map<Tensor, Tensor[]>();
  for (const upstream of upstreams) addTo(collected, upstream.output, seedGradient(graph, upstream));
  for (const node of nodes.reverse()) propagate(graph, node, dependent, collected);
  return tensors.map((tensor) => total(collected, tensor));
}

/** Every tensor whose value depends on a target, targets included. */
function dependents(nodes: readonly GraphNode[], targets: readonly Tensor[]): Set<Tensor> {
  const dependent = new Set(targets);
  for (const node of nodes) {
    if (node.operator.stopsGradient === true) continue;
    if (node.inputs.some((input) => dependent.has(input))) for (const output of node.outputs) dependent.add(output);
  }
  return dependent;
}

function seedGradient(graph: Graph, { output, gradient }: Upstream): Tensor {
  if (gradient === undefined && output.shape.every((size) => size === 1)) return fill(graph, output.shape, 1);
  if (gradient !== undefined && sameShape(gradient.shape, output.shape)) return gradient;
  const given = gradient === undefined ? 'no upstream gradient' : `an upstream gradient ${formatShape(gradient.shape)}`;
  throw new InfnetError({
    code: 'GRADIENT_SHAPE',
    message: `an output ${formatShape(output.shape)} was given ${given}`,
    fix: 'Differentiate a loss with one element, or give an upstream gradient of the shape of the output.',
  });
}

function propagate(
  graph: Graph,
  node: GraphNode,
  dependent: ReadonlySet<Tensor>,
  collected: Map<Tensor, Tensor[]>,
): void {
  const needed = node.inputs.map((input) => dependent.has(input));
  if (!needed.includes(true) || !node.outputs.some((output) => collected.has(output))) return;
  const { operator, attributes, inputs, outputs, scope } = node;
  if (operator.gradient === undefined) {
    throw new InfnetError({
      code: 'GRADIENT_MISSING',
      message: `the operator "${operator.name}" has no gradient`,
      where: scope,
      fix: 'Use it only where no gradient has to pass, or give its operator a `gradient` rule.',
    });
  }
  const rule = operator.gradient;
  graph.within(`${scope} (gradient)`.trimStart(), () => {
    const outputGradients = outputs.map((output) => total(collected, output));
    const found = rule({ attributes, inputs, outputs, outputGradients, needed });
    inputs.forEach((input, i) => {
      const gradient = found[i];
      if (gradient === undefined || !needed[i]) return;
      if (!sameShape(gradient.shape, input.shape)) {
        const shapes = `${formatShape(gradient.shape)} for an input ${formatShape(input.shape)}`;
        throw new InfnetError({
          code: 'GRADIENT_SHAPE',
          message: `"${operator.name}" gave a gradient ${shapes}`,
          where: scope,
        });
      }
      addTo(collected, input, gradient);
    });
  });
}

/** The sum of what was collected, kept so that asking twice adds once. */
function total(collected: Map<Tensor, Tensor[]>, tensor: Tensor): Tensor | undefined {
  const parts = collected.get(tensor);
  if (parts === undefined) return undefined;
  const sum = sumTensors(parts);
  collected.set(tensor, [sum]);
  return sum;
}
