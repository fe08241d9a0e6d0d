/** Which Inf-Net a checkpoint is of, and a net's state dict as PyTorch would write it. */
import { initialValues, type Module, type Shape, type StateDict } from '@infnet/core';
import type { BackboneName } from './options.js';

/** A checkpoint's entries, as far as recognising needs them: those of `@infnet/checkpoint` fit. */
export type NamedShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** What a net must be built with to take a checkpoint. */
export interface RecognizedNet {
  readonly backbone: BackboneName;
  readonly width: number;
  /** Channels of the receptive-field blocks' results. */
  readonly channels: number;
}

/** The tensor whose first dimension is `base` times the width, and the way each backbone is recognised. */
const SIGNS: Readonly<Record<BackboneName, { readonly widest: string; readonly base: number }>> = {
  res2net50: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  res2net101: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  resnet50: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  vgg16: { widest: 'vgg.conv5_1.conv5_3_1.weight', base: 512 },
};

/**
 * Names by which Inf-Net is found behind whatever prefix, one list for each kind of backbone: for `peelPrefix` of
 * @infnet/checkpoint.
 */
export const INF_NET_SIGNATURES: readonly (readonly string[])[] = [
  ['resnet.conv1.0.weight'],
  ['resnet.conv1.weight'],
  ['vgg.conv1.conv1_1.weight'],
];

/** The same for the multi-class U-Net. */
export const UNET_SIGNATURES: readonly (readonly string[])[] = [['inc.double_conv.0.weight', 'outc.conv.weight']];

/**
 * Counters that nothing reads, and what no forward uses (Res2Net's classifier, VGG's second copies of stages 4 and 5):
 * files may have them or not. A `ParameterStore` does not.
 */
export function isOptionalEntry(name: string): boolean {
  return name.endsWith('.num_batches_tracked') || /^(resnet\.fc|vgg\.conv[45]_2)\./.test(name);
}

/** Whether there is anything of Inf-Net's beside the backbone. */
export function hasDecoder(tensors: NamedShapes): boolean {
  for (const key of tensors.keys()) if (/^(rfb\d_1|ParDec|ra\d_conv\d|edge_conv\d)\./.test(key)) return true;
  return false;
}

/** Whether weights were trained; `unknown` where nothing tells. */
export type Trained = 'true' | 'false' | 'unknown';

/**
 * Whether weights were trained: what their file says; else what they show. Batch norms whose scales, shifts and
 * statistics all have their first values were never trained.
 */
export function trainedOf(
  metadata: ReadonlyMap<string, unknown>,
  tensors: ReadonlyMap<string, { readonly data: ArrayLike<number | bigint> }>,
): Trained {
  const said = String(metadata.get('trained'));
  if (said === 'true' || said === 'false' || said === 'unknown') return said;
  if (metadata.get('made_by') === 'infnet train' && Number(metadata.get('steps')) > 0) return 'true';
  return isInitial(tensors) ? 'false' : 'unknown';
}

/** First values of what batch norm has. */
const FIRST = { weight: 1, bias: 0, running_mean: 0, running_var: 1 } as const;

function isInitial(tensors: ReadonlyMap<string, { readonly data: ArrayLike<number | bigint> }>): boolean {
  let norms = 0;
  for (const key of tensors.keys()) {
    if (!key.endsWith('.running_mean')) continue;
    norms++;
    const place = key.slice(0, -'running_mean'.length);
    for (const [name, first] of Object.entries(FIRST)) {
      const data = tensors.get(place + name)?.data;
      if (data === undefined) continue;
      for (let i = 0; i < data.length; i++) if (Number(data[i]) !== first) return false;
    }
  }
  return norms > 0;
}

/** The backbone by the keys; undefined when they are of none that is known. */
export function recognizeBackbone(tensors: NamedShapes): BackboneName | undefined {
  const keys = [...tensors.keys()];
  if (tensors.has('resnet.conv1.0.weight')) {
    const blocks = keys.map((key) => Number(/^resnet\.layer3\.(\d+)\./.exec(key)?.[1] ?? -1));
    // Layer 3 has 6 blocks in a Res2Net-50, 23 in a Res2Net-101.
    return Math.max(...blocks) >= 6 ? 'res2net101' : 'res2net50';
  }
  if (tensors.has('resnet.conv1.weight')) return 'resnet50';
  return keys.some((key) => key.startsWith('vgg.')) ? 'vgg16' : undefined;
}

/** Width and channels by the shapes; 1 and 32 where the tensors that tell are missing. */
export function recognizeNet(tensors: NamedShapes, backbone: BackboneName): RecognizedNet {
  const { widest, base } = SIGNS[backbone];
  const rows = tensors.get(widest)?.shape[0];
  const width = rows === undefined || rows === 0 ? 1 : rows / base;
  return { backbone, width, channels: tensors.get('rfb2_1.conv_res.conv.weight')?.shape[0] || 32 };
}

export interface StateDictEntry {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array | BigInt64Array;
}

/**
 * Every entry of the net's state dict, as PyTorch has them: values that were trained as they are, counters of batches
 * as `steps`, and what takes no part (the classifier) from the seed.
 */
export function stateDictEntries(
  net: Pick<Module, 'stateDictSpec'>,
  values: StateDict,
  { seed, steps }: { readonly seed: number; readonly steps: number },
): StateDictEntry[] {
  return net.stateDictSpec().map(({ name, shape, parameter }): StateDictEntry => {
    const trained = values.get(name);
    if (trained !== undefined) return { name, shape, data: trained.data as Float32Array };
    const data = parameter.dtype === 'i32' ? BigInt64Array.of(BigInt(steps)) : initialValues(parameter, seed);
    return { name, shape, data };
  });
}
