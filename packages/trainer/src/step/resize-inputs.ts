/**
 * Inputs at another size, for training at several scales.
 *
 * Pictures are resized bilinearly, as the released code does with pictures and masks alike (quirk 13). Class labels
 * must not be mixed, so integers are resized by nearest neighbour, at the same positions. A map of floats that holds
 * one-hot masks cannot be told from a picture by its type; it is told by its values when a run gets them, and refused
 * until somebody says how.
 */
import { formatShape, InfnetError, type InputCheck, type Tensor } from '@infnet/core';
import { interpolate, resizeNearest } from '@infnet/nn';

/** How an input is brought to another size; `keep`: not at all. */
export type InputResize = 'bilinear' | 'nearest' | 'keep';

/**
 * `tensor` at `size` [height, width]; `how` is what the user said, if anything.
 * @throws InfnetError `TRAINING_RESIZE`.
 */
export function resizeInput(
  name: string,
  tensor: Tensor,
  size: readonly [number, number],
  how: InputResize | undefined,
): Tensor {
  const { shape, dtype } = tensor;
  const isLabels = dtype !== 'f32' && (shape.length === 3 || shape.length === 4);
  const isMap = dtype === 'f32' && shape.length === 4;
  const chosen = how ?? (isLabels ? 'nearest' : isMap ? 'bilinear' : 'keep');
  const [height, width] = shape.slice(-2);
  if (chosen === 'keep' || (height === size[0] && width === size[1])) return tensor;
  if (chosen === 'nearest' && shape.length >= 3) return resizeNearest(tensor, size, { alignCorners: true });
  if (chosen !== 'bilinear' || !isMap) {
    throw new InfnetError({
      code: 'TRAINING_RESIZE',
      message: `input "${name}" is ${dtype} ${formatShape(shape)}; it cannot be resized as "${chosen}"`,
      fix: 'bilinear takes f32 [N, C, H, W], nearest anything that ends with height and width; "keep" leaves an input as it is.',
    });
  }
  if (how === undefined) tensor.graph.checkInput(tensor, refuseOneHot(size));
  return interpolate(tensor, { size, alignCorners: true });
}

/** Pictures and soft masks leave at their first pixel, so this costs a pass over one-hot masks only. */
function refuseOneHot(size: readonly [number, number]): InputCheck {
  return (data, name, [, channels = 1, height = 1, width = 1]) => {
    const area = height * width;
    if (channels < 2) return;
    for (let i = 0; i < data.length / channels; i++) {
      const at = Math.floor(i / area) * channels * area + (i % area);
      let ones = 0;
      for (let c = 0; c < channels; c++) {
        const value = data[at + c * area];
        if (value !== 0 && value !== 1) return;
        ones += value;
      }
      if (ones !== 1) return;
    }
    throw new InfnetError({
      code: 'TRAINING_RESIZE',
      message: `input "${name}" holds one-hot masks, which a bilinear resize to ${size.join(' x ')} would blend`,
      fix: `Say how: { resize: { ${name}: 'nearest' } } keeps every pixel one class, 'bilinear' blends. Class labels as u32 [N, H, W] are resized by nearest neighbour.`,
    });
  };
}
