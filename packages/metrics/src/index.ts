export type { BinaryMask, Mask, ProbabilityMap } from './input.js';
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
export { SCORE_NAMES, type ScoreName, type Scores } from './scores.js';
export { defaultThresholds } from './thresholds.js';
