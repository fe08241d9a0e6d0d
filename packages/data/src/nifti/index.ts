export type { VolumeData, VolumeDatatype } from './datatypes.js';
export {
  isVolumeName,
  MAX_VOLUME_BYTES,
  type NiftiLimits,
  readNifti,
  readNiftiHeader,
} from './read.js';
export {
  LUNG_WINDOW,
  type SliceOrientation,
  toVolumeOrder,
  type VolumeSliceOptions,
  type VolumeWindow,
  volumeExtremes,
  volumeSlice,
  windowRange,
} from './slice.js';
export { type Volume, type VolumeHeader, voxelMillilitres } from './volume.js';
export { type MapDatatype, NiftiEncoder, type NiftiWriteOptions, writeNifti } from './write.js';
