/**
 * Joins that begin as an earlier one: `concat([a, b, c])` after `concat([a, b])` becomes a join of that and c.
 *
 * A dense block joins all maps before each of its layers. A map can lie in one join only, so every other join copies
 * it: half the square of the layers. Joined with the join before, each map is moved once at most, and earlier joins are
 * channel ranges of the last (see placement.ts). The values are the same; only where what is new is larger than what is
 * shared, all stays as it was written, because what is new may have to be moved then.
 */
import type { GraphNode } from '../graph/graph.js';
import type { Operator } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';

/** Joins by their inputs, one after the other. */
interface Beginning {
  readonly longer: Map<Tensor, Beginning>;
  /** What is joined up to here. */
  whole?: Tensor;
}

const nothing = (): Beginning => ({ longer: new Map() });

/** The nodes, in their order; those that need not change are the same objects. */
export function shareJoins(nodes: readonly GraphNode[]): GraphNode[] {
  const known = new Map<Operator, Map<string, Beginning>>();
  return nodes.map((node) => {
    const { operator, attributes, inputs, outputs } = node;
    if (operator.placement?.(attributes)?.kind !== 'joinChannels') return node;
    // The same attributes for more inputs: they say nothing of single ones.
    const key = JSON.stringify(attributes);
    const alike = known.get(operator) ?? new Map<string, Beginning>();
    known.set(operator, alike);
    const start = alike.get(key) ?? nothing();
    alike.set(key, start);
    let [shared, channels]: [{ readonly whole: Tensor; readonly count: number } | undefined, number] = [undefined, 0];
    let last = start;
    for (const [i, input] of inputs.entries()) {
      const next = last.longer.get(input) ?? nothing();
      last.longer.set(input, next);
      last = next;
      if (last.whole !== undefined && i + 1 < inputs.length) shared = { whole: last.whole, count: i + 1 };
      channels += input.shape[1] ?? 0;
    }
    last.whole ??= outputs[0];
    if (shared === undefined || 2 * (shared.whole.shape[1] ?? 0) < channels) return node;
    return { ...node, inputs: [shared.whole, ...inputs.slice(shared.count)] };
  });
}
