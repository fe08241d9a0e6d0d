/**
 * `exact`: every operator within its own golden tolerance. `fast`, the default: noisier algorithms (Winograd
 * F(4x4,3x3)) allowed; the outputs of the nets stay within 1e-4 (relative L2) of the reference. `half`: as `fast`, and
 * constant weights of convolutions are stored as float16 (11 significant bits, up to 65504) and widened as they are
 * loaded; all sums stay float32. The outputs of Inf-Net, the U-Net and Res2Net-50 stay within 2e-3 of the reference
 * (docs/performance.md has each). Weights that change between runs stay float32. Without `shader-f16`, or where the
 * device does not pass the operators' probes, it is `fast`.
 */
export type Precision = 'exact' | 'fast' | 'half';
