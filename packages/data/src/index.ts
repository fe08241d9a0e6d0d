export * from './canny.js';
export * from './dataset/index.js';
export { decodeImage } from './decode/decode-image.js';
export { initJpegDecoder } from './decode/jpeg-wasm.js';
export { MAX_PIXELS, MIN_SIDE, type SizeLimits } from './decode/limits.js';
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
export * from './normalize.js';
export * from './npy.js';
export * from './overlay.js';
export { type Phantom, type PhantomOptions, phantomSlice } from './phantom/phantom.js';
export * from './png.js';
export { resizeCv2, resizeNearest } from './resize/cv2.js';
export { type FloatMap, resizeBilinearFloat } from './resize/float.js';
export { resizePillow } from './resize/pillow.js';
export * from './tensor.js';
