/**
 * What is normalised together: group, instance and layer norm differ in nothing else.
 *
 * A batch item of x [N, ...] is contiguous, so that a group of its values is a line with a step: value i of group k of
 * item n lies at `n * batchStride + k * groupStep + i * valueStep`. A workgroup makes a whole group (norm.wgsl), or an
 * invocation for each position. Longer groups are measured in parts, and the pass that writes goes through planes, as
 * batch norm's does: for groups of channels a plane [N, C, area] has one mean and one weight; a row of layer norm is a
 * plane with one mean and a weight for every value.
 */
import { elementCount, formatShape, requireInteger, type Shape, shapeError } from '@infnet/core';

/** `groups` of channels each; the dimensions from `axis` on; or the channels at each position. */
export type NormOver = { readonly groups: number } | { readonly axis: number } | 'channels';

export interface Grouping {
  /** `planes`: several planes share a mean; `rows`: a group is a plane; `positions`: a group crosses all planes. */
  readonly kind: 'planes' | 'rows' | 'positions';
  readonly batch: number;
  /** Planes of a batch item, and values of a plane. */
  readonly channels: number;
  readonly area: number;
  /** Groups of a batch item. */
  readonly perItem: number;
  /** Groups in all. */
  readonly groups: number;
  /** Values of a group. */
  readonly size: number;
  readonly groupStep: number;
  readonly valueStep: number;
  readonly weightShape: Shape;
}

/** @throws InfnetError `SHAPE_RANK`, `SHAPE_AXIS`, `SHAPE_ATTRIBUTE`. */
export function groupingOf(shape: Shape, over: NormOver, where: string): Grouping {
  const [batch = 1, channels = 1, ...rest] = shape;
  if (typeof over === 'object' && 'axis' in over) {
    const { axis } = over;
    if (!(Number.isInteger(axis) && axis >= 1 && axis < shape.length)) {
      shapeError('SHAPE_AXIS', where, `axis ${axis} is none of 1 to ${shape.length - 1} of ${formatShape(shape)}`);
    }
    return rows(batch, elementCount(shape.slice(1, axis)), shape.slice(axis));
  }
  if (shape.length < 2) {
    shapeError('SHAPE_RANK', where, `x has the shape ${formatShape(shape)}; [N, C, ...] is needed`);
  }
  const area = elementCount(rest);
  if (over === 'channels') {
    // One position: its channels are a row.
    if (area === 1) return rows(batch, 1, [channels]);
    const counts = { batch, channels, area, perItem: area, groups: batch * area, size: channels };
    return { kind: 'positions', ...counts, groupStep: 1, valueStep: area, weightShape: [channels] };
  }
  const { groups } = over;
  requireInteger(groups, 1, 'the number of groups', where);
  if (channels % groups !== 0) {
    shapeError(
      'SHAPE_ATTRIBUTE',
      where,
      `${channels} channels cannot be divided into ${groups} equal groups`,
      'Choose a number of groups that divides the channels.',
    );
  }
  const size = (channels / groups) * area;
  const counts = { batch, channels, area, perItem: groups, groups: batch * groups, size };
  return { kind: 'planes', ...counts, groupStep: size, valueStep: 1, weightShape: [channels] };
}

function rows(batch: number, channels: number, weightShape: Shape): Grouping {
  const size = elementCount(weightShape);
  const counts = { batch, channels, area: size, perItem: channels, groups: batch * channels, size };
  return { kind: 'rows', ...counts, groupStep: size, valueStep: 1, weightShape };
}
