/**
 * Records of numbers that host and device exchange: what a step is told, and what was decided about it. Their fields
 * and the order of these are those of the structs in WGSL, which is read here, so that the two cannot disagree.
 */
import controlSource from './step-control.part.wgsl';
import numbersSource from './step-numbers.part.wgsl';

/** The numbers of one step: an input of the plan, so that it need not be made anew. See step-numbers.part.wgsl. */
export interface StepNumbers {
  readonly learningRate: number;
  /** Adam: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t). */
  readonly unbias1: number;
  readonly unbias2: number;
  /** Factor of all gradients, e.g. 1 / number of accumulated batches. */
  readonly gradientScale: number;
  /** Elementwise clamp to +-limit. */
  readonly limit: number;
  /** Largest norm of all gradients together; 0: any. */
  readonly maxNorm: number;
  /** Add to the gradients of the batches before. */
  readonly keep: boolean;
  /** Change the parameters. */
  readonly moves: boolean;
  /** Gradients up to this magnitude make no new value that is not finite; -1: unknown. See state-bounds.ts. */
  readonly harmless: number;
}

/** What the device decided; see step-control.part.wgsl. Flags are 0 or 1. */
export interface StepControl {
  readonly moves: number;
  readonly scale: number;
  readonly norm: number;
  readonly largestGradient: number;
  readonly finite: number;
  readonly looks: number;
  readonly largestParameter: number;
  readonly largestMoment1: number;
  readonly largestMoment2: number;
}

/** Names of a struct's fields, which are scalars, in order. */
function fieldsOf(source: string, struct: string): readonly string[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/(\w+)\s*:\s*f32/g)].map(([, name]) => name as string);
}

const NUMBERS = fieldsOf(numbersSource, 'StepNumbers') as readonly (keyof StepNumbers)[];
const CONTROL = fieldsOf(controlSource, 'StepControl') as readonly (keyof StepControl)[];

export const NUMBERS_SIZE: number = NUMBERS.length;
export const CONTROL_SIZE: number = CONTROL.length;

/** A limit of Infinity becomes the largest number of the device, which may know no infinities. */
const MOST = 3.4028234e38;

export function packNumbers(numbers: StepNumbers): Float32Array<ArrayBuffer> {
  return Float32Array.from(NUMBERS, (name) => Math.min(Number(numbers[name]), MOST));
}

/** @param values [CONTROL_SIZE] */
export function readControl(values: Float32Array): StepControl {
  return Object.fromEntries(CONTROL.map((name, i) => [name, values[i]])) as Record<keyof StepControl, number>;
}
