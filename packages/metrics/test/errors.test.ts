import { isInfnetError } from '@infnet/errors';
import {
  binaryScores,
  type Conventions,
  distanceTransform,
  evaluateMap,
  evaluateSet,
  meanDice,
  overlapScores,
  type ScoreName,
  scoresCsv,
  scoresTable,
  surfaceScores,
  volumeMl,
  volumeScores,
} from '@infnet/metrics';
import { expect, it } from 'vitest';

const map = [0, 0.25, 0.5, 1];
const mask = [0, 0, 1, 1];
const size = { width: 2, height: 2 };
const good = evaluateMap(map, mask, size);
const cube = { shape: [1, 2, 2], spacing: [1, 1, 1] } as const;

/** What is called, the code, and what the message must name. */
const cases: [string, () => unknown, string, RegExp][] = [
  ['extents', () => evaluateMap(map, mask, { width: 3, height: 2 }), 'METRICS_SIZE', /4 values.*\[2, 3\].*6/],
  ['fractional extents', () => evaluateMap(map, mask, { width: 8, height: 0.5 }), 'METRICS_SIZE', /\[0.5, 8\]/],
  ['an empty map', () => evaluateMap([], [], { width: 0, height: 0 }), 'METRICS_SIZE', /0 values/],
  ['no pixels', () => meanDice([], []), 'METRICS_SIZE', /0 values/],
  ['no pixels to threshold', () => binaryScores([], []), 'METRICS_SIZE', /0 values/],
  ['a short mask', () => binaryScores(map, [1, 0]), 'METRICS_SIZE', /mask has 2 values.*4/],
  ['masks of two sizes', () => overlapScores([1, 0, 0], mask), 'METRICS_SIZE', /4 values.*3/],
  ['NaN', () => evaluateMap([0, Number.NaN, 0, 0], mask, size), 'METRICS_MAP_VALUE', /NaN at position 1/],
  ['Infinity', () => binaryScores([0, 0, Infinity, 0], mask), 'METRICS_MAP_VALUE', /Infinity at position 2/],
  ['a logit', () => meanDice([0, 0, 0, -3.5], mask), 'METRICS_MAP_VALUE', /-3.5 at position 3/],
  ['8-bit values as floats', () => evaluateMap([0, 128, 255, 3], mask, size), 'METRICS_MAP_VALUE', /128/],
  ['a mask with NaN', () => binaryScores(map, [0, Number.NaN, 1, 1]), 'METRICS_MASK_VALUE', /NaN at position 1/],
  ['a negative mask', () => binaryScores(map, [0, -1, 1, 1]), 'METRICS_MASK_VALUE', /-1 at position 1/],
  ['a 16-bit mask', () => binaryScores(map, [0, 0, 65535, 0]), 'METRICS_MASK_VALUE', /65535/],
  ['a soft mask', () => binaryScores(map, [0, 0.4, 1, 1]), 'METRICS_MASK_VALUE', /soft/],
  ['null in a map, as JSON writes NaN', () => meanDice([0, null as never, 1, 0], mask), 'METRICS_MAP_VALUE', /null/],
  ['text in a map', () => meanDice([0, '1' as never, 1, 0], mask), 'METRICS_MAP_VALUE', /1 at position 1/],
  ['null in a mask', () => binaryScores(map, [0, null as never, 1, 1]), 'METRICS_MASK_VALUE', /null at position 1/],
  ['text in a mask', () => overlapScores([0, '1' as never], [0, 1]), 'METRICS_MASK_VALUE', /1 at position 1/],
  ['classes as a mask', () => binaryScores(map, [0, 1, 2, 2]), 'METRICS_MASK_VALUE', /largest value of the mask is 2/],
  ['a dark mask', () => overlapScores([0, 75], [0, 255]), 'METRICS_MASK_VALUE', /largest value of the mask is 75/],
  ['threshold null', () => binaryScores(map, mask, null as never), 'METRICS_OPTION', /threshold is null/],
  ['threshold as text', () => evaluateMap(map, mask, { ...size, threshold: '0.5' as never }), 'METRICS_OPTION', /0\.5/],
  ['tolerance NaN', () => surfaceScores(mask, mask, { shape: [2, 2], tolerance: Number.NaN }), 'METRICS_OPTION', /NaN/],
  [
    'tolerance Infinity',
    () => surfaceScores(mask, mask, { shape: [2, 2], tolerance: Infinity }),
    'METRICS_OPTION',
    /Inf/,
  ],
  [
    'a spacing beyond float64',
    () => distanceTransform(mask, { shape: [2, 2], spacing: [1e200, 1] }),
    'METRICS_SPACING',
    /e\+200/,
  ],
  ['spacing NaN', () => volumeMl(mask, { ...cube, spacing: [1, 1, Number.NaN] }), 'METRICS_SPACING', /NaN/],
  ['surfaces of nothing', () => surfaceScores([], [], { shape: [0, 0] }), 'METRICS_SIZE', /0 values/],
  ['a volume of nothing', () => volumeMl([], { ...cube, shape: [0, 1, 1] }), 'METRICS_SIZE', /0 values/],
  ['volumes of two sizes', () => volumeScores(mask, [1, 0], cube), 'METRICS_SIZE', /2 values/],
  ['resamples NaN', () => evaluateSet([good], { bootstrap: { resamples: Number.NaN } }), 'METRICS_OPTION', /NaN/],
  ['maskAbove', () => binaryScores(map, mask, 0.5, { maskAbove: Number.NaN }), 'METRICS_OPTION', /NaN/],
  ['no thresholds', () => evaluateMap(map, mask, { ...size, thresholds: [] }), 'METRICS_THRESHOLDS', /no thresholds/],
  ['ascending', () => evaluateMap(map, mask, { ...size, thresholds: [0, 0.5] }), 'METRICS_THRESHOLDS', /1 is 0.5/],
  ['repeated', () => meanDice(map, mask, { thresholds: [0.5, 0.5] }), 'METRICS_THRESHOLDS', /descending/],
  ['NaN among them', () => meanDice(map, mask, { thresholds: [Number.NaN] }), 'METRICS_THRESHOLDS', /0 is NaN/],
  ['threshold', () => binaryScores(map, mask, 128), 'METRICS_OPTION', /threshold is 128/],
  ['threshold NaN', () => evaluateMap(map, mask, { ...size, threshold: Number.NaN }), 'METRICS_OPTION', /NaN/],
  [
    'conventions',
    () => binaryScores(map, mask, 0.5, { conventions: 'paper' as Conventions }),
    'METRICS_OPTION',
    /'paper'/,
  ],
  ['an empty set', () => evaluateSet([]), 'METRICS_EMPTY_SET', /no images/],
  ['resamples', () => evaluateSet([good], { bootstrap: { resamples: 0 } }), 'METRICS_OPTION', /resamples is 0/],
  ['seed', () => evaluateSet([good], { bootstrap: { seed: 0.5 } }), 'METRICS_OPTION', /seed is 0.5/],
  ['confidence', () => evaluateSet([good], { bootstrap: { confidence: 95 } }), 'METRICS_OPTION', /95/],
  ['no rows', () => scoresTable([]), 'METRICS_EMPTY_SET', /no rows/],
  ['no lines', () => scoresCsv([]), 'METRICS_EMPTY_SET', /no rows/],
  [
    'columns',
    () => scoresTable([{ name: 'a', scores: good }], { columns: ['auc' as ScoreName] }),
    'METRICS_OPTION',
    /'auc'/,
  ],
  ['digits', () => scoresTable([{ name: 'a', scores: good }], { digits: -1 }), 'METRICS_OPTION', /digits is -1/],
  ['one dimension', () => distanceTransform(mask, { shape: [4] }), 'METRICS_SIZE', /1 dimensions/],
  ['shape', () => distanceTransform(mask, { shape: [3, 2] }), 'METRICS_SIZE', /4 values.*\[3, 2\]/],
  ['spacing', () => distanceTransform(mask, { shape: [2, 2], spacing: [1] }), 'METRICS_SPACING', /\[1\]/],
  ['no spacing', () => distanceTransform(mask, { shape: [2, 2], spacing: [0, 1] }), 'METRICS_SPACING', /\[0, 1\]/],
  ['two shapes', () => surfaceScores(mask, [1], { shape: [2, 2] }), 'METRICS_SIZE', /1 values.*4/],
  ['tolerance', () => surfaceScores(mask, mask, { shape: [2, 2], tolerance: -1 }), 'METRICS_OPTION', /-1/],
  ['volume', () => volumeMl([1, 0], cube), 'METRICS_SIZE', /2 values/],
  ['area', () => volumeMl(mask, { ...cube, shape: [2, 2] as never }), 'METRICS_SPACING', /not 2 and 3/],
];

it.each(cases)('%s', (_, call, code, message) => {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  if (!isInfnetError(error)) throw new Error(`no InfnetError was thrown: ${error}`);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.fix).toBeTruthy();
  expect(error.where).toBeTruthy();
});

it.each([
  ['conventions', { conventions: 'sane' }],
  ['stretch', { stretch: false }],
  ['threshold', { threshold: 0.4 }],
  ['thresholds', { thresholds: [1, 0] }],
] as const)('a set with different %s is refused', (name, options) => {
  const other = evaluateMap(map, mask, { ...size, ...options });
  expect(() => evaluateSet([good, good, other])).toThrow(
    expect.objectContaining({ code: 'METRICS_MIXED_SETTINGS', details: { image: 2, setting: name } }),
  );
});
