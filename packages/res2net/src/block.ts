/**
 * The Res2Net block ("Bottle2neck", Gao et al., arXiv 1904.01169, section 3.1).
 *
 * A bottleneck whose middle 3x3 convolution is replaced by a ladder: the 1x1 convolution's result is split into `scale`
 * channel ranges; each but the last goes through a 3x3 convolution of its own, in a `normal` block after the result of
 * the range before was added to it. So one block sees several receptive fields at once.
 *
 * `forward` says this with operators, so it differentiates by itself. What it costs is the planner's business: the
 * splits are channel ranges that the 3x3 convolutions read in place, batch norm and relu are the convolutions'
 * epilogues, and results land in their ranges of the tensor that the last 1x1 convolution reads, whose epilogue adds
 * the shortcut. Only the last split has to be moved: by the pool in a `stage` block; in a `normal` one the block's own
 * kernel does it in the pass of the first sum (split-step.wgsl). Further sums are added while the convolution loads,
 * where that pays.
 */
import { checkNames, Module, operandAt, Sequential, type Tensor } from '@infnet/core';
import { AvgPool2d, add, avgPool2d, BatchNorm2d, concat, relu, split } from '@infnet/nn';
import { HeConv2d } from './he-conv2d.js';
import { EXPANSION, splitWidth } from './options.js';
import { splitStep } from './split-step.js';

export interface Res2NetBlockOptions {
  /** Step of the 3x3 convolutions and of the pools. Default 1. */
  readonly stride?: number;
  /**
   * `stage`: the first block of a layer; splits are not added to each other, and the last one goes through a 3x3
   * average pool with the block's stride (also at stride 1). `normal`: splits are added, the last one passes. Default
   * `normal`.
   */
  readonly type?: 'normal' | 'stage';
  /** Channels of one split per 64 planes. Default 26. */
  readonly baseWidth?: number;
  /** Number of splits. Default 4. */
  readonly scale?: number;
}

/** [N, inputChannels, H, W] to [N, 4 planes, ceil(H / stride), ceil(W / stride)]. */
export class Res2NetBlock extends Module {
  readonly conv1: HeConv2d;
  readonly bn1: BatchNorm2d;
  readonly convs: readonly HeConv2d[];
  readonly bns: readonly BatchNorm2d[];
  readonly conv3: HeConv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | undefined;
  readonly stride: number;
  readonly type: 'normal' | 'stage';
  /** Channels of one split. */
  readonly width: number;
  readonly scale: number;

  constructor(inputChannels: number, planes: number, options: Res2NetBlockOptions = {}) {
    super();
    checkNames('Res2NetBlock', options, ['stride', 'type', 'baseWidth', 'scale']);
    const { stride = 1, type = 'normal', baseWidth = 26, scale = 4 } = options;
    const width = splitWidth(planes, baseWidth);
    const outputChannels = planes * EXPANSION;
    this.conv1 = new HeConv2d(inputChannels, width * scale, 1);
    this.bn1 = new BatchNorm2d(width * scale);
    const ladder = Array.from({ length: scale - 1 }, (_, i) => i);
    this.convs = ladder.map(() => new HeConv2d(width, width, 3, { stride, padding: 1 }));
    this.bns = ladder.map(() => new BatchNorm2d(width));
    this.conv3 = new HeConv2d(width * scale, outputChannels, 1);
    this.bn3 = new BatchNorm2d(outputChannels);
    const needsShortcut = stride !== 1 || inputChannels !== outputChannels;
    this.downsample = needsShortcut ? shortcut(inputChannels, outputChannels, stride) : undefined;
    this.stride = stride;
    this.type = type;
    this.width = width;
    this.scale = scale;
  }

  override forward(x: Tensor): Tensor {
    const splits = split(relu(this.bn1.call(this.conv1.call(x))), this.width);
    let last = operandAt(splits, this.scale - 1);
    const results: Tensor[] = [];
    for (const [i, conv] of this.convs.entries()) {
      const previous = this.type === 'stage' ? undefined : results[i - 1];
      let input = operandAt(splits, i);
      if (previous !== undefined && i === 1) ({ sum: input, passed: last } = splitStep(input, previous, last));
      else if (previous !== undefined) input = add(previous, input);
      results.push(relu((this.bns[i] as BatchNorm2d).call(conv.call(input))));
    }
    if (this.type === 'stage') last = avgPool2d(last, 3, { stride: this.stride, padding: 1 });
    const y = this.bn3.call(this.conv3.call(concat([...results, last])));
    return relu(add(y, this.downsample === undefined ? x : this.downsample.call(x)));
  }
}

/** The v1b shortcut: average pool, 1x1 convolution, batch norm. The pool of stride 1 is an identity. */
function shortcut(inputChannels: number, outputChannels: number, stride: number): Sequential {
  const pool = stride === 1 ? new Identity() : new AvgPool2d(stride, { ceilMode: true, countIncludePad: false });
  return new Sequential(pool, new HeConv2d(inputChannels, outputChannels, 1), new BatchNorm2d(outputChannels));
}

/** Holds the pool's place in the state dict where there is nothing to pool. */
class Identity extends Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
