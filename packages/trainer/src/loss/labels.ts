/** Class labels as targets: which values they may have, and who says so when one is out of range. */
import { formatShape, InfnetError, type InputCheck, type Shape } from '@infnet/core';

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
