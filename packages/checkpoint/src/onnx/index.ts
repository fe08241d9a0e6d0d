export type { OnnxEmitter, OnnxTranslation } from './emitter.js';
export { exportOnnx, type OnnxExportOptions, type OnnxTranslations } from './export.js';
export type { OnnxAttribute, OnnxAttributes } from './model.js';
export { ONNX_OPERATORS } from './operators/index.js';
export type { OnnxSource, OnnxSourceNode, OnnxSourceOperator, OnnxSourceTensor, OnnxState } from './source.js';
