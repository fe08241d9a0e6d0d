/** The tuner, apart from the rest: a program that does not tune does not download it. */

export { adapterKey, type LayerTuning, parseTuning, type Tuning } from '../context/tuning.js';
export { median } from './measure.js';
export { type TuneOptions, type TuneProgress, tune } from './tune.js';
