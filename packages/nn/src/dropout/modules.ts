import { checkNames, Module, type Tensor } from '@infnet/core';
import { checkRate, type DropPathOptions, dropout, dropout2d, dropPath } from './dropout.js';

/** Drops values in training mode; nothing in inference. */
export class Dropout extends Module {
  readonly p: number;

  /** @throws InfnetError `SHAPE_ATTRIBUTE` for a probability outside of 0 to 1. */
  constructor(p = 0.5) {
    super();
    checkRate(p, 'Dropout');
    this.p = p;
  }

  override forward(x: Tensor): Tensor {
    return this.training ? dropout(x, this.p) : x;
  }
}

/** Drops whole channels in training mode. */
export class Dropout2d extends Module {
  readonly p: number;

  /** @throws InfnetError `SHAPE_ATTRIBUTE` for a probability outside of 0 to 1. */
  constructor(p = 0.5) {
    super();
    checkRate(p, 'Dropout2d');
    this.p = p;
  }

  override forward(x: Tensor): Tensor {
    return this.training ? dropout2d(x, this.p) : x;
  }
}

/** Drops whole batch items of a residual block's branch in training mode (stochastic depth). The names are timm's. */
export class DropPath extends Module {
  readonly dropProb: number;
  readonly options: DropPathOptions;

  /** @throws InfnetError `SHAPE_ATTRIBUTE` for a probability outside of 0 to 1, `OPTION_UNKNOWN`. */
  constructor(dropProb = 0, options: DropPathOptions = {}) {
    super();
    checkNames('DropPath', options, ['scaleByKeep']);
    checkRate(dropProb, 'DropPath');
    this.dropProb = dropProb;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return this.training ? dropPath(x, this.dropProb, this.options) : x;
  }
}
