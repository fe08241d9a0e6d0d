/** Class labels as targets: which values they may have, and who says so when one is out of range. */
import {
  formatShape,
  InfnetError,
  type InputCheck,
  type Shape,
  sameShape,
  Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';

/** PyTorch's: labels of this value do not count. */
export const DEFAULT_IGNORE_INDEX = -100;

/** @throws InfnetError `SHAPE_ATTRIBUTE` unless a label of 32 bits can have the value. */
export function requireIgnoreIndex(value: number, where: string): void {
  if (Number.isInteger(value) && value >= -0x80000000 && value <= 0xffffffff) return;
  throw new InfnetError({
    code: 'SHAPE_ATTRIBUTE',
    message: `ignoreIndex is ${value}; a label is an integer of 32 bits`,
    where,
    fix: 'Give the label of the pixels that are not to count, e.g. 255.',
  });
}

/** A check of labels that a run is given, `items` items: each is a class from 0 on, or `ignoreIndex`. */
export function labelCheck(items: number, classes: number, ignoreIndex: number, where: string): InputCheck {
  return (labels, name, shape) => {
    let at = 0;
    for (; at < labels.length; at++) {
      const label = labels[at] as number;
      if (!(label >= 0 && label < classes) && label >>> 0 !== ignoreIndex >>> 0) break;
    }
    if (at === labels.length) return;
    const item = Math.floor((at * items) / labels.length);
    const sizes = shape[0] === items ? shape.slice(1) : [labels.length / items];
    throw new InfnetError({
      code: 'LABEL_RANGE',
      message:
        `item ${item} of "${name}" has the label ${labels[at]} at ${placeOf(at - (item * labels.length) / items, sizes)}; ` +
        `the logits have ${classes} classes, 0 to ${classes - 1}`,
      where,
      fix: `Give classes from 0 to ${classes - 1}, or { ignoreIndex: ${labels[at]} } where that label means "do not count".`,
      details: { item, label: labels[at] },
    });
  };
}

/** [N, ...] of the labels for logits [N, C, ...]. */
export const labelShape = (shape: Shape): Shape => [shape[0] as number, ...shape.slice(2)];

/** Has runs check the labels that they are given for `loss`, where the host sees them (`LABEL_RANGE`). */
export function checkLabels(
  loss: Tensor,
  logits: TensorLike,
  labels: TensorLike,
  ignoreIndex: number,
  what: string,
): void {
  if (!(labels instanceof Tensor)) return;
  const { graph } = loss;
  const where = graph.scope === '' ? what : graph.scope;
  const [items, classes] = logits.shape as readonly [number, number];
  graph.checkInput(labels, labelCheck(items, classes, ignoreIndex, where));
}

/** The class of each pixel, for logits [N, C, ...]. @throws InfnetError `SHAPE_DTYPE`, `SHAPE_MISMATCH`. */
export function requireLabels(logits: TensorType, labels: TensorType, where: string): void {
  const [n, , ...size] = logits.shape as readonly [number, number, ...number[]];
  const isInteger = labels.dtype === 'u32' || labels.dtype === 'i32';
  if (isInteger && sameShape(labels.shape, [n, ...size])) return;
  throw new InfnetError({
    code: isInteger ? 'SHAPE_MISMATCH' : 'SHAPE_DTYPE',
    message: `the logits have the shape ${formatShape(logits.shape)}, the target is ${labels.dtype} ${formatShape(labels.shape)}`,
    where,
    fix: `Give the class of each pixel as u32 or i32 ${formatShape([n, ...size])}.`,
  });
}

/** Indices of an element, for a message. */
function placeOf(at: number, sizes: Shape): string {
  let rest = at;
  const indices = [...sizes].reverse().map((size) => {
    const index = rest % size;
    rest = Math.floor(rest / size);
    return index;
  });
  return formatShape(indices.reverse());
}
