/** Convolution, batch norm, softmax. */
import type { OnnxTranslation } from '../emitter.js';
import { float, int, ints } from '../model.js';

const conv2d: OnnxTranslation = (emit) => {
  const { attributes, inputs } = emit.node;
  const { stride, padding, dilation, groups } = attributes as {
    readonly stride: readonly number[];
    /** [top, left, bottom, right]: the order of ONNX as well. */
    readonly padding: readonly number[];
    readonly dilation: readonly number[];
    readonly groups: number;
  };
  return [
    emit.one(
      'Conv',
      inputs.map((_, i) => emit.input(i)),
      {
        kernel_shape: ints(emit.shape(1).slice(2)),
        strides: ints(stride),
        pads: ints(padding),
        dilations: ints(dilation),
        group: int(groups),
      },
    ),
  ];
};

const batchNorm2d: OnnxTranslation = (emit) => {
  const { eps, training } = emit.node.attributes as { readonly eps: number; readonly training: boolean };
  if (training) {
    throw emit.cannot(
      'in training mode it normalises with the statistics of the batch',
      'Set the net to inference with eval() before it is traced.',
    );
  }
  return [
    emit.one(
      'BatchNormalization',
      [0, 1, 2, 3, 4].map((i) => emit.input(i)),
      { epsilon: float(eps) },
    ),
  ];
};

export const LAYERS: Readonly<Record<string, OnnxTranslation>> = {
  conv2d,
  batchNorm2d,
  softmax: (emit) => [emit.one('Softmax', [emit.input(0)], { axis: int(1) })],
};
