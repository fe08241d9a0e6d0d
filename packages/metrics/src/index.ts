export { type BinaryOptions, type BinaryScores, binaryScores, countScores, overlapScores } from './binary-scores.js';
export { toCsv } from './csv.js';
export type { Mask, ProbabilityMap } from './input.js';
export {
  type EvaluationOptions,
  type EvaluationSettings,
  evaluateMap,
  type MapOptions,
  type MapScores,
  meanDice,
} from './map-scores.js';
export type { Counts } from './overlap/counts.js';
export { CURVE_NAMES, type CurveName, type Curves } from './overlap/curves.js';
export type { Conventions, Ratios } from './overlap/ratios.js';
export { SCORE_NAMES, type ScoreGroup, type ScoreName, type Scores, shownScores } from './scores.js';
export type { BootstrapOptions, Interval, Intervals } from './set/bootstrap.js';
export { evaluateSet, type SetOptions, type SetScores } from './set/set-scores.js';
export { distanceTransform } from './surface/distance-transform.js';
export type { Geometry } from './surface/geometry.js';
export { type SurfaceOptions, type SurfaceScores, surfaceScores } from './surface/surface-scores.js';
export { type CsvOptions, PAPER_COLUMNS, type ScoreRow, scoresCsv, scoresTable, type TableOptions } from './table.js';
export { defaultThresholds } from './thresholds.js';
export { type VolumeGeometry, type VolumeScores, volumeMl, volumeScores } from './volume.js';
