/** Workgroups of kernels that work in layers: lines of workgroups in x and y for each of many layers in z. */
import { dispatchLine, type KernelCall } from '@infnet/core/kernels';

/** The most workgroups that every device takes in one dimension. */
const MOST = 65535;

/** What a call of a kernel with `layer.part.wgsl` needs for `count` workgroups in each of `layers` layers. */
export function layeredWorkgroups(
  count: number,
  layers: number,
): Pick<KernelCall, 'constants' | 'params' | 'workgroups'> {
  const [width, lineRows] = dispatchLine(count);
  const layersPerRow = Math.min(Math.floor(MOST / lineRows), Math.ceil(layers / MOST));
  if (layers <= MOST || layersPerRow === 0) {
    return { constants: {}, params: {}, workgroups: [width, lineRows, layers] };
  }
  return {
    constants: { FOLDED: 1 },
    params: { lineRows, layersPerRow, layers },
    workgroups: [width, lineRows * layersPerRow, Math.ceil(layers / layersPerRow)],
  };
}
