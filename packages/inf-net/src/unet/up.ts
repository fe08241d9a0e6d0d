import { Module, type Tensor } from '@infnet/core';
import { concat, interpolate, pad2d } from '@infnet/nn';
import { DoubleConv } from './double-conv.js';

/**
 * Twice the size, bilinear with aligned corners (quirk 2), beside the map that was kept on the way down, then a
 * {@link DoubleConv} with half as many channels in its middle. Where halving an odd size lost a row or column, zeros
 * are added: floor(difference / 2) on the left and top, the rest on the right and bottom (quirk 9).
 */
export class Up extends Module<readonly [Tensor, Tensor]> {
  readonly conv: DoubleConv;

  /** @param inputChannels of both inputs together. */
  constructor(inputChannels: number, outputChannels: number) {
    super();
    this.conv = new DoubleConv(inputChannels, outputChannels, Math.floor(inputChannels / 2));
  }

  /** @param below [N, C, h, w]. @param skip [N, C', H, W] with H, W at least 2h, 2w. */
  override forward(below: Tensor, skip: Tensor): Tensor {
    const enlarged = interpolate(below, { scaleFactor: 2, alignCorners: true });
    return this.conv.call(concat([skip, padTo(enlarged, skip)]));
  }
}

function padTo(x: Tensor, like: Tensor): Tensor {
  const [rows, columns] = [2, 3].map((d) => (like.shape[d] as number) - (x.shape[d] as number)) as [number, number];
  if (rows === 0 && columns === 0) return x;
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return pad2d(x, { top, bottom: rows - top, left, right: columns - left });
}
