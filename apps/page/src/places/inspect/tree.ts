/** The flat list of operators as a tree of modules. */
import type { InspectReport, NodeReport } from '../../worker/inspect-protocol.js';

export interface Branch {
  readonly name: string;
  readonly path: string;
  readonly children: Map<string, Branch>;
  readonly nodes: NodeReport[];
  operators: number;
  flops: number;
  /** GPU seconds; 0 where nothing was measured. */
  seconds: number;
}

function branch(name: string, path: string): Branch {
  return { name, path, children: new Map(), nodes: [], operators: 0, flops: 0, seconds: 0 };
}

export function treeOf({ nodes, dispatches }: InspectReport, seconds: readonly number[] | undefined): Branch {
  const root = branch('Inf-Net', '');
  for (const node of nodes) {
    const line = lineage(root, node.scope);
    for (const one of line) one.operators++;
    (line.at(-1) as Branch).nodes.push(node);
  }
  for (const [i, { scope, flops }] of dispatches.entries()) {
    for (const one of lineage(root, scope)) {
      one.flops += flops;
      one.seconds += seconds?.[i] ?? 0;
    }
  }
  return root;
}

/** The branches from the root to a scope, made where they are missing. */
function lineage(root: Branch, scope: string): Branch[] {
  const line = [root];
  let path = '';
  for (const name of scope === '' ? [] : scope.split('.')) {
    path = path === '' ? name : `${path}.${name}`;
    const { children } = line.at(-1) as Branch;
    let child = children.get(name);
    if (child === undefined) {
      child = branch(name, path);
      children.set(name, child);
    }
    line.push(child);
  }
  return line;
}
