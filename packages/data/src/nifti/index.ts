export type { Direction } from './axes.js';
export type { VolumeData, VolumeDatatype } from './datatypes.js';
export {
  isSliceOrientation,
  type SliceLayout,
  type SliceOrientation,
  StoredSlices,
  sliceLayout,
  sliceSpacing,
  type VolumeGrid,
} from './orient.js';
export {
  isVolumeName,
  MAX_VOLUME_BYTES,
  type NiftiLimits,
  readNifti,
  readNiftiHeader,
} from './read.js';
export { reorientVolume } from './reorient.js';
export {
  LUNG_WINDOW,
  type VolumeSliceOptions,
  type VolumeWindow,
  volumeExtremes,
  volumeSlice,
  windowRange,
} from './slice.js';
export { type Volume, type VolumeHeader, voxelMillilitres } from './volume.js';
export { volumeNotes } from './volume-notes.js';
export { type MapDatatype, NiftiEncoder, type NiftiWriteOptions, writeNifti } from './write.js';
