/**
 * WGSL functions that expressions may call, each with those that it calls itself. WGSL's own exp, log, pow, sin and
 * cos may be off by far more than PyTorch's 1e-6, and some devices' tanh overflows; these are right to the last digits
 * on every device, and have PyTorch's values for NaN and infinities.
 */
import erf from './math/erf.part.wgsl';
import exp from './math/exp.part.wgsl';
import log from './math/log.part.wgsl';
import logOnePlus from './math/log-one-plus.part.wgsl';
import mish from './math/mish.part.wgsl';
import pow from './math/pow.part.wgsl';
import sigmoid from './math/sigmoid.part.wgsl';
import sinCos from './math/sin-cos.part.wgsl';
import softplus from './math/softplus.part.wgsl';
import tanh from './math/tanh.part.wgsl';

/** `preciseExp(x)` and `expm1(x)`. */
export const EXP: readonly string[] = [exp];
/** `preciseLog(x)` and `infinity()`. */
export const LOG: readonly string[] = [log];
/** `precisePow(x, exponent)`. */
export const POW: readonly string[] = [exp, log, pow];
/** `preciseSin(x)` and `preciseCos(x)`. */
export const SIN_COS: readonly string[] = [sinCos];
/** `erf(x)` and `preciseExp(x)`. */
export const ERF: readonly string[] = [exp, erf];
/** `sigmoid(x)` and `preciseExp(x)`. */
export const SIGMOID: readonly string[] = [exp, sigmoid];
/** `preciseTanh(x)` and `expm1(x)`. */
export const TANH: readonly string[] = [exp, tanh];
/** `softplus(x, beta, threshold)` and `sigmoid(x)`. */
export const SOFTPLUS: readonly string[] = [exp, sigmoid, logOnePlus, softplus];
/** `mishGate(x)`, `mishSlope(x)` and `sigmoid(x)`. */
export const MISH: readonly string[] = [exp, sigmoid, mish];
