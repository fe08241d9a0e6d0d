/** Operators that put the values of single dimensions elsewhere. */
import type { OnnxTranslation } from '../emitter.js';
import { int, ints } from '../model.js';

/** Behind the last index, and before the first: what ONNX takes for "to the end". */
const FAR = 2 ** 31 - 1;

const permute: OnnxTranslation = (emit) => {
  const { axes } = emit.node.attributes as { readonly axes: readonly number[] };
  return [emit.one('Transpose', [emit.input(0)], { perm: ints(axes) })];
};

/** Only the dimensions that change are named, so that an open batch size stays open. */
const pick: OnnxTranslation = (emit) => {
  const { starts, steps, sizes } = emit.node.attributes as Readonly<
    Record<'starts' | 'steps' | 'sizes', readonly number[]>
  >;
  const changed = emit.shape(0).flatMap((size, axis) => {
    const [start, step, count] = [starts[axis], steps[axis], sizes[axis]] as [number, number, number];
    if (start === 0 && step === 1 && count === size) return [];
    const end = start + step * count;
    return [{ axis, start, end: end < 0 ? -FAR : end, step }];
  });
  const listed = (['start', 'end', 'axis', 'step'] as const).map((name) =>
    emit.ints(changed.map((each) => each[name])),
  );
  return changed.length === 0 ? [emit.input(0)] : [emit.one('Slice', [emit.input(0), ...listed])];
};

/** Of each dimension that is moved: its end, then its beginning. */
const roll: OnnxTranslation = (emit) => {
  const { shifts } = emit.node.attributes as { readonly shifts: readonly number[] };
  let value = emit.input(0);
  for (const [axis, size] of emit.shape(0).entries()) {
    const from = size - ((shifts[axis] as number) % size);
    if (from === size) continue;
    const parts = [
      [from, size],
      [0, from],
    ].map((range) => emit.one('Slice', [value, ...[...range, axis].map((number) => emit.ints([number]))]));
    value = emit.one('Concat', parts, { axis: int(axis) });
  }
  return [value];
};

const tile: OnnxTranslation = (emit) => {
  const { repeats } = emit.node.attributes as { readonly repeats: readonly number[] };
  return [emit.one('Tile', [emit.input(0), emit.ints(repeats)])];
};

export const LAYOUT: Readonly<Record<string, OnnxTranslation>> = { permute, pick, roll, tile };
