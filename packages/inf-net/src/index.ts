/** Inf-Net and the multi-class U-Net, composed from the infnet packages. */
export { Backbone, type Features, type NamedShapes, type PerLevel } from './backbone/backbone.js';
export { Bottleneck, ResNet50 } from './backbone/resnet50.js';
export {
  BACKBONE_TABLE,
  BACKBONES,
  type BackboneEntry,
  type BackboneName,
  type BackboneOptions,
  DEFAULT_BACKBONE,
  type MadeBackbone,
} from './backbone/table.js';
export { VGG16 } from './backbone/vgg16.js';
export { type ConvolutionCost, convolutionCosts, parameterCount } from './cost.js';
export { InfNet, type InfNetOutputs } from './inf-net.js';
export type { InfNetOptions } from './options.js';
export { describeTraining, type TrainedOn, trainingMetadata, type WeightsOrigin, weightsOrigin } from './origin.js';
export {
  BACKBONE_SIGNATURES,
  completeState,
  type OtherBackbone,
  type RecognizedBackbone,
  recognizeBackboneAlone,
} from './pretrained.js';
export { DoubleConv } from './unet/double-conv.js';
export { Down } from './unet/down.js';
export { OutConv, UNet, type UNetOptions } from './unet/unet.js';
export { Up } from './unet/up.js';
export {
  hasDecoder,
  INF_NET_SIGNATURES,
  isOptionalEntry,
  type RecognizedNet,
  recognizeBackbone,
  recognizeNet,
  type StateDictEntry,
  stateDictEntries,
  type Trained,
  trainedOf,
  UNET_SIGNATURES,
} from './weights.js';
