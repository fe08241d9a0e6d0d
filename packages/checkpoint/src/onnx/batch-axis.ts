/**
 * An open batch size: which tensors have the batch as their first dimension, and which operators then work for every
 * batch. A tensor has it if it is an input, or computed from such a tensor and still of that size in front.
 */
import { cannotExport } from './emitter.js';
import type { OnnxSource, OnnxSourceNode, OnnxSourceTensor } from './source.js';

/** The tensors with an open first dimension. @throws InfnetError `CHECKPOINT_ONNX_OPERATOR` where one fixes it. */
export function batchTensors(
  { inputs }: OnnxSource,
  nodes: readonly OnnxSourceNode[],
  batch: number,
): Set<OnnxSourceTensor> {
  const open = new Set([...inputs.values()].filter(({ shape }) => shape[0] === batch));
  for (const node of nodes) {
    if (!node.inputs.some((input) => open.has(input))) continue;
    if (touchesBatch(node, batch)) {
      const fix = 'Export with a fixed batch size.';
      throw cannotExport(node.operator.name, node.scope, 'it works on the batch dimension, which is to stay open', fix);
    }
    for (const output of node.outputs) if (output.shape[0] === batch) open.add(output);
  }
  return open;
}

function touchesBatch({ attributes, outputs }: OnnxSourceNode, batch: number): boolean {
  const { axis, axes } = attributes;
  if (axis === 0 || (Array.isArray(axes) && axes.includes(0))) return true;
  return outputs.some(({ shape }) => shape[0] !== batch);
}
