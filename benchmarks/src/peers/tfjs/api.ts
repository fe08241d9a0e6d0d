/** The part of @tensorflow/tfjs-core that is used. Own types, because the library is not part of the workspace. */

export interface TfTensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface TfVariable extends TfTensor {
  readonly name: string;
  assign(value: TfTensor): void;
}

export type TfPadding = number | 'valid' | readonly (readonly [number, number])[];
type Pair = readonly [number, number];

export interface Tf {
  readonly version_core: string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  getBackend(): string;
  memory(): { readonly numBytes: number; readonly numBytesInGPU?: number; readonly numTensors: number };
  tidy<T>(body: () => T): T;
  dispose(tensors: unknown): void;
  keep<T extends TfTensor>(tensor: T): T;

  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
  variable(initial: TfTensor, trainable: boolean, name: string): TfVariable;
  scalar(value: number): TfTensor;

  conv2d(x: TfTensor, filter: TfTensor, strides: Pair, pad: TfPadding, format: 'NHWC', dilations: Pair): TfTensor;
  batchNorm(x: TfTensor, mean: TfTensor, variance: TfTensor, offset: TfTensor, scale: TfTensor, eps: number): TfTensor;
  moments(x: TfTensor, axes: readonly number[]): { readonly mean: TfTensor; readonly variance: TfTensor };
  maxPool(x: TfTensor, kernel: Pair, strides: Pair, pad: TfPadding): TfTensor;
  avgPool(x: TfTensor, kernel: Pair, strides: Pair, pad: TfPadding): TfTensor;
  relu(x: TfTensor): TfTensor;
  sigmoid(x: TfTensor): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  div(a: TfTensor, b: TfTensor): TfTensor;
  mean(x: TfTensor, axes?: readonly number[], keepDims?: boolean): TfTensor;
  sum(x: TfTensor, axes?: readonly number[], keepDims?: boolean): TfTensor;
  concat(tensors: readonly TfTensor[], axis: number): TfTensor;
  split(x: TfTensor, sizes: readonly number[], axis: number): TfTensor[];
  slice(x: TfTensor, begin: readonly number[], size: readonly number[]): TfTensor;
  pad(x: TfTensor, paddings: readonly (readonly [number, number])[]): TfTensor;
  transpose(x: TfTensor, order: readonly number[]): TfTensor;
  readonly image: {
    resizeBilinear(x: TfTensor, size: Pair, alignCorners: boolean, halfPixelCenters: boolean): TfTensor;
  };

  readonly train: { adam(rate: number, beta1: number, beta2: number, eps: number): TfOptimizer };
  variableGrads(
    loss: () => TfTensor,
    variables: readonly TfVariable[],
  ): { readonly value: TfTensor; readonly grads: Readonly<Record<string, TfTensor>> };
  valueAndGrads(
    fn: (x: TfTensor, w: TfTensor) => TfTensor,
  ): (
    inputs: readonly TfTensor[],
    upstream: TfTensor,
  ) => { readonly value: TfTensor; readonly grads: readonly TfTensor[] };
}

export interface TfOptimizer {
  applyGradients(gradients: Readonly<Record<string, TfTensor>>): void;
  dispose(): void;
}
