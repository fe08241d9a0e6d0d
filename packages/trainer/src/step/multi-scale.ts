/** Sizes of multi-scale training. */
import { InfnetError } from '@infnet/core';
import { numberProblems, SMALLEST } from '../numbers.js';

/**
 * The side length at a rate: `size * rate`, rounded to a multiple (half to even, as Python rounds). 352 at 0.75, 1,
 * 1.25 gives 256, 352, 448 (quirk 13).
 *
 * @throws InfnetError `TRAINER_OPTION`.
 */
export function scaledSize(size: number, rate: number, multiple = 32): number {
  const problems = numberProblems({
    size: { value: size, least: 1, whole: true },
    rate: { value: rate, least: SMALLEST },
    multiple: { value: multiple, least: 1, whole: true },
  });
  if (problems.length > 0) {
    throw new InfnetError({ code: 'TRAINER_OPTION', message: problems.join('; '), where: 'scaledSize' });
  }
  const exact = (size * rate) / multiple;
  const floor = Math.floor(exact);
  const rest = exact - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1);
  return Math.max(1, floor + Number(up)) * multiple;
}
