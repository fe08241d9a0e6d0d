/** The tuner, apart from the rest: a program that does not tune does not download it. */
export { median } from './measure.js';
export { adapterKey, type LayerTuning, parseTuning, type Tuning } from './table.js';
export { type TuneOptions, type TuneProgress, tune } from './tune.js';
