import type { Format } from '../format.js';
import { config } from './config.js';
import { jpeg } from './jpeg.js';
import { gzip, nifti } from './nifti.js';
import { npy } from './npy.js';
import { png } from './png.js';
import { pth, pthLegacy } from './pth.js';
import { safetensors } from './safetensors.js';
import { states } from './states.js';

export const FORMATS: readonly Format[] = [png, jpeg, nifti, gzip, npy, safetensors, pth, pthLegacy, states, config];
