export * from './canny.js';
export {
  CLASS_NAMES,
  CLASS_PALETTE,
  type ClassCounts,
  type ClassMap,
  countClasses,
  encodeClassMap,
  type ReadClassMap,
  type ReadClassMapOptions,
  readClassMap,
} from './classes/class-map.js';
export { type ClassesInputOptions, classesInput } from './classes/input.js';
export {
  type ClassOverlayOptions,
  CONSOLIDATION_COLOUR,
  classOverlay,
  GROUND_GLASS_COLOUR,
} from './classes/overlay.js';
export {
  type ChannelOrder,
  type ClassTensor,
  decideClasses,
  oneHot,
  releasedLabels,
  releasedOneHot,
} from './classes/targets.js';
export * from './dataset/index.js';
export { decodeImage } from './decode/decode-image.js';
export { type FileFormat, FORMAT_BYTES, formatOf } from './decode/formats.js';
export { initJpegDecoder } from './decode/jpeg-wasm.js';
export { MAX_PIXELS, MIN_SIDE, type SizeLimits } from './decode/limits.js';
export { rangeNote } from './decode/range-note.js';
export type { DataErrorCode } from './errors.js';
export {
  type AnyImage,
  type ByteImage,
  type DecodedImage,
  type DepthOptions,
  type GreyImage,
  type RgbImage,
  toGrey8,
  toRgb8,
} from './image.js';
export * from './nifti/index.js';
export * from './normalize.js';
export { type DataNote, type DataNoteCode, describeNote } from './notes.js';
export * from './npy.js';
export * from './overlay.js';
export { type Phantom, type PhantomOptions, phantomSlice } from './phantom/phantom.js';
export { encodeIndexedPng, encodePng, type PngSource } from './png.js';
export * from './prediction.js';
export * from './provenance.js';
export {
  isPhantom,
  markPhantom,
  pngText,
  readProvenance,
  stampPng,
  watchPhantoms,
  withPngText,
} from './provenance-files.js';
export { resizeCv2, resizeNearest } from './resize/cv2.js';
export { type FloatMap, resizeBilinearFloat } from './resize/float.js';
export { resizeLabels } from './resize/labels.js';
export { resizePillow } from './resize/pillow.js';
export { type ResultsColumns, type ResultsRow, resultsTable } from './results-table.js';
export * from './tensor.js';
