/**
 * The time of a whole run, dealt to its steps. A machine that is lent for ten minutes is gone after ten minutes, with everything that
 * was not written by then; so each step may take at most what the later ones can spare, and is left out below what it
 * needs to be of any use.
 */

/** Seconds of a run from the start of unpacking to the last byte written. */
export const TOTAL = 540;

/**
 * `limit`: the step is ended after so many seconds. `minimum`: below that it does not begin. `reserve`: what earlier steps
 * must leave for it. All in seconds.
 */
export const STEPS = [
  { name: 'doctor', limit: 40, minimum: 5, reserve: 10 },
  { name: 'tests', limit: 150, minimum: 10, reserve: 60 },
  { name: 'ceilings', limit: 40, minimum: 5, reserve: 15 },
  { name: 'layers', limit: 100, minimum: 10, reserve: 40 },
  { name: 'cudnn', limit: 70, minimum: 5, reserve: 25 },
  { name: 'tune', limit: 60, minimum: 10, reserve: 15 },
  { name: 'matrix', limit: 40, minimum: 8, reserve: 12 },
  { name: 'compare', limit: 400, minimum: 20, reserve: 160 },
  { name: 'table', limit: 10, minimum: 0, reserve: 10 },
];

/** Steps shortened alike, for a machine that is slow or a run that is only a rehearsal. */
export function scaled(steps, total) {
  const factor = total / TOTAL;
  return steps.map(({ name, ...seconds }) => ({
    name,
    ...Object.fromEntries(Object.entries(seconds).map(([key, value]) => [key, value * factor])),
  }));
}

/**
 * Seconds that the step `name` may take now; 0 means that it is left out.
 * @param {readonly { name: string, limit: number, minimum: number, reserve: number }[]} steps in their order
 */
export function allowance(steps, name, { total, elapsed }) {
  const index = steps.findIndex((step) => step.name === name);
  const step = steps[index];
  if (step === undefined) throw new Error(`no step is called ${name}`);
  const reserved = steps.slice(index + 1).reduce((sum, { reserve }) => sum + reserve, 0);
  const seconds = Math.min(step.limit, total - elapsed - reserved);
  return seconds < step.minimum || seconds <= 0 ? 0 : seconds;
}
