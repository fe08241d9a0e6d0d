/**
 * Circles of imports within a package: files that need each other cannot be read, tested or moved one by one, also
 * where only types make the circle.
 */

/** Files (from `src/`) that may stand in a circle with each other, by room. */
export const known = {
  // A tensor knows its graph, a graph the operators of its nodes, and an operator's rules take tensors.
  core: ['graph/tensor.ts', 'graph/graph.ts', 'graph/operator.ts'],
};

/**
 * The circles of a graph: sets of nodes each of which reaches all others of its set (Tarjan's algorithm).
 *
 * @param edges node to the nodes that it points to; all of them are keys
 */
export function circlesOf(edges) {
  const circles = [];
  const order = new Map();
  const lowest = new Map();
  const open = [];
  const visit = (node) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node));
    open.push(node);
    for (const next of edges.get(node)) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const circle = open.splice(open.indexOf(node));
    if (circle.length > 1 || edges.get(node).includes(node)) circles.push(circle.sort());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return circles;
}

/**
 * What is wrong with the imports of a room: circles with a file that is not among the known ones, and known ones gone.
 */
export function circleProblems(room, edges) {
  const allowed = known[room] ?? [];
  const circles = circlesOf(edges);
  const gone = allowed.filter((file) => !circles.flat().includes(file));
  return [
    ...circles
      .filter((circle) => circle.some((file) => !allowed.includes(file)))
      .map((circle) => `packages/${room}/src  files import each other in a circle: ${circle.join(', ')}`),
    ...gone.map(
      (file) => `scripts/circles.mjs  ${file} of ${room} stands in no circle any more: take it out of the list`,
    ),
  ];
}
