/** Which Inf-Net a checkpoint is of, and a net's state dict as PyTorch would write it. */
import { initialValues, type Module, type Shape, type StateDict } from '@infnet/core';
import type { NamedShapes } from './backbone/backbone.js';
import { BACKBONE_TABLE, BACKBONES, type BackboneName } from './backbone/table.js';

/** What a net must be built with to take a checkpoint. */
export interface RecognizedNet {
  readonly backbone: BackboneName;
  readonly width: number;
  /** Channels of the receptive-field blocks' results. */
  readonly channels: number;
}

/**
 * Names by which Inf-Net is found behind whatever prefix, one list for each kind of backbone: for `peelPrefix` of
 * @infnet/checkpoint.
 */
export const INF_NET_SIGNATURES: readonly (readonly string[])[] = [
  ...new Set(BACKBONES.map((name) => BACKBONE_TABLE[name].signature)),
].map((signature) => [signature]);

/** The same for the multi-class U-Net. */
export const UNET_SIGNATURES: readonly (readonly string[])[] = [['inc.double_conv.0.weight', 'outc.conv.weight']];

/**
 * Counters that nothing reads, and what no forward uses (Res2Net's classifier, VGG's second copies of stages 4 and 5):
 * files may have them or not. A `ParameterStore` does not.
 */
export function isOptionalEntry(name: string): boolean {
  return name.endsWith('.num_batches_tracked') || BACKBONES.some((one) => BACKBONE_TABLE[one].unused?.test(name));
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
  return BACKBONES.find((name) => BACKBONE_TABLE[name].isOf(tensors));
}

/** Width and channels by the shapes; 1 and 32 where the tensors that tell are missing. */
export function recognizeNet(tensors: NamedShapes, backbone: BackboneName): RecognizedNet {
  const { widest, base } = BACKBONE_TABLE[backbone];
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
