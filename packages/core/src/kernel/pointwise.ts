/**
 * Functions of single elements as data, and the one kernel that they are put into.
 *
 * An {@link Expression} is a piece of WGSL over the names of its operands: `x * sigmoid(x)`. A {@link PointwiseProgram}
 * applies expressions one to another's results; all of it becomes one dispatch, which reads each operand once and
 * writes what is asked for. So an operator that has an expression needs no kernel of its own.
 *
 * What an expression is, its text says. Kernels are kept by text, so that equal programs are one pipeline, and two
 * functions of one name are two.
 */
import { InfnetError } from '@infnet/errors';
import source from '../kernels/pointwise.wgsl';
import { elementCount, type Shape } from '../tensor/types.js';
import { broadcastShape, broadcastStrides, type Loop, mergeLoops } from './broadcast.js';
import { lineCall, type OperandRange, vectorWidth, wholeRange } from './call.js';
import { expandSource } from './expand.js';
import { type Kernel, type KernelCall, withoutComments } from './kernel.js';
import { sizedCall } from './options.js';

/** What each element of a result is, of the elements of the operands at its place. */
export interface Expression {
  /** Names of the operands in their order. */
  readonly operands: readonly string[];
  /** WGSL of type f32, over operands and numbers. It may call WGSL's functions, `functions`, and nan.part.wgsl's. */
  readonly value: string;
  /** Numbers that it reads by name: the text stays the same for others. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** WGSL functions that it calls, and those that these call: texts that each hold one or more, whole. */
  readonly functions?: readonly string[];
}

/** One expression of a program. */
export interface PointwiseStep {
  readonly expression: Expression;
  /** What its operands are: the program's inputs count from 0, results of steps follow in their order. */
  readonly from: readonly number[];
}

/** Expressions that read inputs and each other's results. */
export interface PointwiseProgram {
  /** Names of the bindings that are read. */
  readonly inputs: readonly string[];
  readonly steps: readonly PointwiseStep[];
  /** Names of the bindings that are written, and which of the inputs and steps each holds. */
  readonly results: Readonly<Record<string, number>>;
}

/** Bindings of a pointwise kernel: with the parameters this fits every device. */
export const MOST_POINTWISE_OPERANDS = 8;

export interface PointwiseCallOptions {
  /** Shapes of the inputs in their order, and where they lie. Default: from the first element on. */
  readonly inputs: readonly PointwiseOperand[];
  /** Where the results lie, in their order. */
  readonly results?: readonly OperandRange[];
  /** Shape of the results. Default: the common shape of the inputs. */
  readonly shape?: Shape;
}

export interface PointwiseOperand {
  readonly shape: Shape;
  readonly range?: OperandRange;
}

/** Values, or vectors of four, that an invocation makes. */
const TILE = 4;
/**
 * Operations up to which values go in vectors of four: they are written out four times there, and SwiftShader took
 * minutes to compile four of pow's.
 */
const MOST_IN_VECTORS = 40;

/** The program that is one expression. */
export function programOf(expression: Expression, result = 'y'): PointwiseProgram {
  const inputs = expression.operands;
  return { inputs, steps: [{ expression, from: inputs.map((_, i) => i) }], results: { [result]: inputs.length } };
}

/**
 * One dispatch of a program; bindings as it names them.
 *
 * @param name for people: names the kernel in profiles and errors
 * @throws InfnetError `SHAPE_BROADCAST`, `SHAPE_RANK`, `KERNEL_RANGE`; `KERNEL_EXPRESSION` for a program that cannot
 *   be.
 */
export function pointwiseCall(name: string, program: PointwiseProgram, options: PointwiseCallOptions): KernelCall {
  const common = options.inputs.reduce<Shape>((shape, each) => broadcastShape(shape, each.shape, name), []);
  const shape = options.shape === undefined ? common : broadcastShape(common, options.shape, name);
  const names = [...program.inputs, ...Object.keys(program.results)];
  const ranges = Object.keys(program.results).map((_, i) => options.results?.[i] ?? wholeRange(shape));
  const operands = [
    ...options.inputs.map((each) => ({ shape: each.shape, range: each.range ?? wholeRange(each.shape) })),
    ...ranges.map((range) => ({ shape, range })),
  ];
  const merged = mergeLoops(
    shape,
    operands.map((operand) => broadcastStrides(operand, shape)),
  );
  const none: Loop = { size: 1, strides: operands.map(() => 0) };
  const loops = [...Array<Loop>(4 - merged.length).fill(none), ...merged];
  const [row, inner] = loops.slice(2) as [Loop, Loop];

  const isSplat = inner.strides.map((stride) => stride === 0);
  const fitsVector = operands.flatMap(({ range }, i) =>
    isSplat[i] ? [] : [range.offset, ...loops.slice(0, 3).map(({ strides }) => strides[i] as number)],
  );
  const unit = inner.strides.every((stride) => stride <= 1);
  checkProgram(name, program);
  const made = programText(program);
  const vector = unit && made.flops <= MOST_IN_VECTORS ? vectorWidth(inner.size, ...fitsVector) : 1;
  const innerSize = inner.size / vector;
  const rows = row.size > 1 && row.strides.some((stride, i) => stride === 0 && inner.strides[i] !== 0);
  const span = rows ? innerSize : Math.ceil(innerSize / TILE);
  const steps = loops.map(({ size }) => size);
  steps[3] = span;
  if (rows) steps[2] = Math.ceil(row.size / TILE);

  const kernel = kernelOf(name, program, made, {
    INPUTS: program.inputs.length,
    OPERANDS: operands.length,
    VECTOR: vector,
    TILE,
    NESTED: Number(merged.length > 1),
    ROWS: Number(rows),
    SPLAT: bits(isSplat),
    FIXED: bits((rows ? row : inner).strides.map((stride) => stride === 0)),
  });
  const strides = names.flatMap((operand, i) => [
    [`${operand}Offset`, operands[i]?.range.offset],
    ...loops.map((loop, dimension) => [`${operand}Stride${dimension}`, loop.strides[i]]),
  ]);
  const count = elementCount(shape);
  const call = lineCall(kernel, {
    params: {
      ...Object.fromEntries(strides),
      ...Object.fromEntries(made.numbers.map((value, k) => [`number${k}`, value])),
      steps1: steps[1] as number,
      steps2: steps[2] as number,
      steps3: span,
      size: rows ? row.size : innerSize,
      span,
    },
    invocations: steps.reduce((product, size) => product * size, 1),
    flops: made.flops * count,
    values: operands.reduce((sum, each) => sum + elementCount(each.shape), 0),
  });
  const sized = names.map((operand, i) => [operand, [operands[i]?.shape, operands[i]?.range] as const]);
  return sizedCall(name, call, Object.fromEntries(sized));
}

/** One bit for each that is true, the first lowest. */
function bits(flags: readonly boolean[]): number {
  return flags.reduce((sum, flag, i) => sum + (flag ? 2 ** i : 0), 0);
}

interface ProgramText {
  readonly text: string;
  readonly numbers: readonly number[];
  /** Operations per element, estimated from the text. */
  readonly flops: number;
}

/** Kernels by their whole text. */
const kernels = new Map<string, Kernel>();

function kernelOf(
  name: string,
  { inputs, results }: PointwiseProgram,
  { text, numbers }: ProgramText,
  constants: Readonly<Record<string, number>>,
): Kernel {
  const names = [...inputs, ...Object.keys(results)];
  const key = [name, names, Object.values(constants), text].join('\n');
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    const frame = expandSource(source, { ...constants, NUMBERS: numbers.length }, name);
    const named = frame.replace(/\boperand(\d)/g, (_, index: string) => names[Number(index)] as string);
    kernel = { name, source: named.replace(/^EVALUATE$/m, () => text) };
    kernels.set(key, kernel);
  }
  return kernel;
}

/** `evaluate` and what it calls. Expressions become functions, equal ones one, so that no names of theirs can clash. */
function programText({ inputs, steps, results }: PointwiseProgram): ProgramText {
  const texts = new Set<string>();
  const functions = new Map<string, string>();
  const numbers: number[] = [];
  const value = (index: number): string => `v${index}`;
  const lines = steps.map(({ expression, from }, i) => {
    const { operands, numbers: own = {} } = expression;
    for (const text of expression.functions ?? []) texts.add(text);
    const takes = [...operands, ...Object.keys(own)].map((each) => `${each}: f32`).join(', ');
    const body = `(${takes}) -> f32 { return ${expression.value}; }`;
    if (!functions.has(body)) functions.set(body, `expression${functions.size}`);
    const read = Object.values(own).map((number) => `params.number${numbers.push(number) - 1}`);
    return `  let ${value(inputs.length + i)} = ${functions.get(body)}(${[...from.map(value), ...read].join(', ')});`;
  });
  const text = [
    ...texts,
    ...[...functions].map(([body, own]) => `fn ${own}${body}`),
    `fn evaluate(${inputs.map((_, i) => `${value(i)}: f32`).join(', ')}) -> Results {`,
    ...lines,
    `  return Results(${Object.values(results).map(value).join(', ')});`,
    '}',
  ].join('\n');
  const operations = withoutComments([...functions.keys(), ...texts].join('\n')).match(/[-+*/]|\w+\(/g)?.length ?? 0;
  return { text, numbers, flops: Math.max(1, operations) };
}

/** Words of the kernel's own text, which a binding must not be called. */
let taken: ReadonlySet<string> | undefined;

function wordsOfKernel(): ReadonlySet<string> {
  const [head, body] = withoutComments(source).split('EVALUATE') as [string, string];
  return new Set([...(head.match(/(?<=(?:fn|alias|struct)\s+)\w+/g) ?? []), ...(body.match(/(?<![.\w])\w+/g) ?? [])]);
}

/** @throws InfnetError `KERNEL_EXPRESSION` for a program whose operands or functions have names that cannot be. */
export function checkProgram(name: string, { inputs, steps, results }: PointwiseProgram): void {
  const fail = (message: string): never => {
    throw new InfnetError({
      code: 'KERNEL_EXPRESSION',
      message,
      where: name,
      fix: 'Give operands and WGSL functions other names, or fewer operands.',
    });
  };
  const names = [...inputs, ...Object.keys(results)];
  taken ??= wordsOfKernel();
  const wrong = names.find((each, i) => !/^[A-Za-z]\w*$/.test(each) || taken?.has(each) || names.indexOf(each) < i);
  if (wrong !== undefined) fail(`"${wrong}" cannot name an operand: it is no name of its own`);
  if (names.length > MOST_POINTWISE_OPERANDS) {
    fail(`${names.length} operands and results; ${MOST_POINTWISE_OPERANDS} are bound in one dispatch`);
  }
  const twice = namesTwice(new Set(steps.flatMap(({ expression }) => expression.functions ?? [])));
  if (twice !== undefined) fail(`two different texts define the function "${twice}"`);
}

/** The first function that two of the texts define. */
export function namesTwice(texts: Iterable<string>): string | undefined {
  const names = [...texts].flatMap((text) => [...text.matchAll(/\bfn\s+(\w+)/g)].map(([, name]) => name as string));
  return names.find((name, i) => names.indexOf(name) < i);
}
