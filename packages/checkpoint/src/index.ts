export type { CheckpointErrorCode } from './errors.js';
export { detectFormat } from './formats/detect.js';
export { USUAL_NAMES } from './formats/state-dict.js';
export {
  assertMatches,
  type ExpectedTensor,
  type MatchedTensor,
  type MatchOptions,
  type MisshapedKey,
  matchStateDict,
  type StateDictMatch,
} from './match.js';
export {
  exportOnnx,
  ONNX_OPERATORS,
  type OnnxAttribute,
  type OnnxAttributes,
  type OnnxEmitter,
  type OnnxExportOptions,
  type OnnxSource,
  type OnnxSourceNode,
  type OnnxSourceOperator,
  type OnnxSourceTensor,
  type OnnxState,
  type OnnxTranslation,
  type OnnxTranslations,
} from './onnx/index.js';
export { type NetSignature, type PeeledTensors, peelPrefix } from './prefix.js';
export { readCheckpoint } from './read-checkpoint.js';
export { hasChecksum } from './safetensors/checksum.js';
export { readSafetensors } from './safetensors/read.js';
export { type WritableTensor, type WritableValue, writeSafetensors } from './safetensors/write.js';
export type { Dtype, TensorData } from './tensors/dtype.js';
export { asFloat32 } from './tensors/float32.js';
export type {
  Checkpoint,
  CheckpointFormat,
  CheckpointTensor,
  MetadataValue,
  ReadCheckpointOptions,
  ReadOptions,
} from './types.js';
