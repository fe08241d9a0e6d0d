/** What would fit in place of what does not: computed by planning it, not guessed. */
import {
  assertFits,
  assertRoom,
  type Context,
  type Graph,
  InfnetError,
  isTooLarge,
  type PlanOptions,
  plainMessage,
  type Shape,
  schedule,
} from '@infnet/core';

/**
 * Whether a plan of this graph would fit the device and what is known of its memory now. Nothing is allocated.
 *
 * @throws what `schedule` throws but for what is too large
 */
export function fits(context: Context, graph: Graph, options: PlanOptions = {}): boolean {
  try {
    const { precision, liveParameters, memoryBudget, arena } = options;
    const made = schedule(graph, { device: context.profile, precision, liveParameters });
    assertFits(made, context.profile.limits, memoryBudget);
    assertRoom(context, made, arena);
    return true;
  } catch (error) {
    if (isTooLarge(error)) return false;
    throw error;
  }
}

/** The side of the square maps among inputs; undefined where there are none. */
export function sideOf(shapes: Iterable<Shape>): number | undefined {
  const maps = [...shapes].filter((shape) => shape.length > 2 && shape.at(-1) === shape.at(-2));
  return maps.find((shape) => (shape.at(-1) as number) > 1)?.at(-1);
}

/** A shape whose maps have another side. */
export function atSide(shape: Shape, from: number, to: number): Shape {
  const isMap = shape.length > 2 && shape.at(-1) === from && shape.at(-2) === from;
  return isMap ? [...shape.slice(0, -2), to, to] : shape;
}

/** The largest whole number from 1 to `most` that `suits`, where all below one that does do so too; 0 for none. */
export function largestWhere(most: number, suits: (value: number) => boolean): number {
  let [least, end] = [0, most];
  while (least < end) {
    const middle = Math.ceil((least + end) / 2);
    if (suits(middle)) least = middle;
    else end = middle - 1;
  }
  return least;
}

/**
 * The largest multiple of `step` below `side` that `suits`; undefined where none does. What cannot be traced does not.
 */
export function largestSide(side: number, step: number, suits: (side: number) => boolean): number | undefined {
  const attempt = (steps: number): boolean => {
    try {
      return suits(steps * step);
    } catch {
      return false;
    }
  };
  return largestWhere(Math.ceil(side / step) - 1, attempt) * step || undefined;
}

/** The same refusal with what fits as its advice; other errors as they are. */
export function withFitting(error: unknown, fitting: () => readonly string[]): unknown {
  if (!(error instanceof InfnetError) || !isTooLarge(error)) return error;
  const found = fitting();
  if (found.length === 0) return error;
  const { code, where, details } = error;
  const fix = `What fits: ${found.join('; or ')}.`;
  return new InfnetError({
    code,
    message: plainMessage(error),
    where,
    fix,
    details: { ...details, fitting: found },
    cause: error,
  });
}
