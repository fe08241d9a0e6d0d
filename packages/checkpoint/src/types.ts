import type { Dtype, TensorData } from './tensors/dtype.js';

/** The containers that {@link readCheckpoint} knows. */
export type CheckpointFormat = 'pth-zip' | 'pth-legacy' | 'safetensors';

/** One tensor of a checkpoint, row-major ("C order") and contiguous whatever it was in the file. */
export interface CheckpointTensor {
  readonly name: string;
  /** Sizes of the axes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The type in the file. float16 and bfloat16 are widened: their `data` is a Float32Array. */
  readonly dtype: Dtype;
  /**
   * The elements; bool is a Uint8Array. Where the file's bytes allow, this is a view of the bytes that were read, and
   * tensors that shared a storage share it still: copy before you write into it, or read with `copy: true`.
   */
  readonly data: TensorData;
}

/** A value beside the tensors: epoch, name of the network, and so on. */
export type MetadataValue = string | number | bigint | boolean | null;

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly format: CheckpointFormat;
  /** In the order of the file. */
  readonly tensors: Map<string, CheckpointTensor>;
  /** safetensors: its `__metadata__`. `.pth`: the plain values of the dictionaries on the way to the state dict. */
  readonly metadata: Map<string, MetadataValue>;
  /**
   * Where in the training dictionary the state dict was found, e.g. `['state_dict']`; `[]` if it is the file itself.
   */
  readonly path: readonly string[];
  /**
   * What wrappers had put into the keys and was taken out, e.g. `module.` or `_orig_mod.module.`; empty if nothing was.
   */
  readonly strippedPrefix: string;
  /**
   * `.pth`: entries that were left aside, because they are neither tensors nor plain values: those of the state dict
   * (`_extra_state`), and those of the dictionaries on the way to it (`optimizer`, `args`).
   */
  readonly skipped: readonly string[];
}

/** Options of the readers. */
export interface ReadOptions {
  /** Name of the file, for the `where` of errors. */
  readonly file?: string;
  /**
   * Check the CRC-32 of what is read from a zip, where 0 counts as "not computed", and the checksum that the metadata
   * of a safetensors file may have (default true).
   */
  readonly verify?: boolean;
  /** Copy every tensor, so that none shares memory with the input or another (default false). */
  readonly copy?: boolean;
  /** Bytes that decoding may allocate beyond the file (default four times the file and 1 MiB). */
  readonly maxDecodedBytes?: number;
}

/** Options of {@link readCheckpoint}. */
export interface ReadCheckpointOptions extends ReadOptions {
  /**
   * Path of the state dict in the training dictionary, if the search rule should not decide, e.g. `['ema', 'model']`.
   */
  readonly stateDict?: readonly string[];
  /**
   * Remove what wrappers put into keys: `module.` of DataParallel where all keys begin with it, and `_orig_mod.` of
   * torch.compile, `_fsdp_wrapped_module.` and their like anywhere (default true).
   */
  readonly stripModulePrefix?: boolean;
}
