import type { OnnxTranslation } from '../emitter.js';
import { LAYERS } from './layers.js';
import { LAYOUT } from './layout.js';
import { PLACEMENT } from './placement.js';
import { POINTWISE } from './pointwise.js';
import { POOLING } from './pooling.js';
import { RESIZING } from './resizing.js';

/**
 * How every operator of the infnet packages that a net's inference uses is written in ONNX, by the name that it was
 * made known under (`standardOperator` of @infnet/core). An operator of yours with such a name is none of them.
 */
export const ONNX_OPERATORS: Readonly<Record<string, OnnxTranslation>> = {
  ...POINTWISE,
  ...LAYERS,
  ...POOLING,
  ...RESIZING,
  ...PLACEMENT,
  ...LAYOUT,
};
