/**
 * Operators of single elements, each written as an expression and its derivatives.
 *
 * All of them share core's one kernel (`core/pointwise`): a forward and a backward dispatch each, NumPy's broadcasting
 * and views come with it. A gradient reads of the operands, the result `y` and the
 * result's gradient `g` only those that its expression names: so the expression says what a training step keeps.
 */
import {
  applyOne,
  checkNames,
  InfnetError,
  type Operator,
  Parameter,
  requireType,
  type Shape,
  shapeError,
  Tensor,
  type TensorLike,
} from '@infnet/core';
import { broadcastShape, checkProgram, type Expression, pointwiseDispatch, programOf } from '@infnet/core/kernels';
import { sumTo } from '../reduce/sum.js';

/** A function of single elements. */
export interface ElementwiseDefinition<N extends string = never> {
  /** Names of the operands. Default: `['x']`. */
  readonly inputs?: readonly string[];
  /** Numbers that the expressions read by name, with their values where a call gives none. */
  readonly numbers?: Readonly<Record<N, number>>;
  /** WGSL expression (f32) of operands and numbers. */
  readonly forward: string;
  /**
   * The gradient of an operand: a WGSL expression of operands, numbers, `y` (the result) and `g` (the result's
   * gradient). By name where there are several operands; one that is left out gets none.
   */
  readonly gradient?: string | Readonly<Record<string, string>>;
  /** WGSL functions that the expressions call: whole texts. */
  readonly functions?: readonly string[];
}

type Numbers<N extends string> = Readonly<Record<N, number>>;

/**
 * The operator of a definition. Its attributes are the numbers.
 *
 * @throws InfnetError, from its rules, `SHAPE_DTYPE`, `SHAPE_BROADCAST`, `SHAPE_RANK` and `SHAPE_ATTRIBUTE`.
 */
export function elementwiseOperator<N extends string = never>(
  name: string,
  definition: ElementwiseDefinition<N>,
  result = 'y',
): Operator<Numbers<N>> {
  const { inputs = ['x'], numbers, forward, gradient, functions = [] } = definition;
  const expressionOf = (attributes: Numbers<N>): Expression => ({
    operands: inputs,
    value: forward,
    numbers: attributes,
    functions,
  });
  const rules = inputs.map((input) => gradientRule(name, definition, input));
  return {
    name,
    arity: inputs.length,
    infer(types, attributes, where) {
      for (const [i, type] of types.entries()) requireType(type, 'f32', `the operand ${inputs[i]}`, where);
      checkNumbers(Object.keys(numbers ?? {}), attributes, where);
      const shape = types.reduce<Shape>((common, type) => broadcastShape(common, type.shape, where), []);
      return [{ shape, dtype: 'f32' }];
    },
    lower: ({ attributes, inputs: operands, outputs }) => [
      pointwiseDispatch(`nn/${name}`, programOf(expressionOf(attributes), result), operands, outputs),
    ],
    ...(gradient === undefined
      ? { stopsGradient: true }
      : {
          gradient: ({ attributes, inputs: operands, outputs: [y], outputGradients: [g], needed }) =>
            operands.map((operand, i) => {
              const rule = rules[i];
              if (needed[i] !== true || rule === undefined || y === undefined || g === undefined) return undefined;
              const known = new Map<string, Tensor>([
                ...inputs.map((input, k) => [input, operands[k] as Tensor] as const),
                ['y', y],
                ['g', g],
              ]);
              return sumTo(rule(known, attributes), operand.shape);
            }),
        }),
  };
}

/** How the gradient of one operand follows from what its expression names. */
function gradientRule<N extends string>(
  name: string,
  { inputs = ['x'], numbers, gradient = {}, functions }: ElementwiseDefinition<N>,
  input: string,
): ((known: ReadonlyMap<string, Tensor>, attributes: Numbers<N>) => Tensor) | undefined {
  const text = typeof gradient === 'string' ? gradient : gradient[input];
  if (text === undefined) return undefined;
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  const reads = [...new Set([...inputs, 'y', 'g'])].filter((each) => words.has(each));
  const own = { inputs: reads, forward: text, ...(numbers && { numbers }), ...(functions && { functions }) };
  const operator = elementwiseOperator<N>(`${name}Gradient`, own, 'gradient');
  return (known, attributes) =>
    text === 'g'
      ? (known.get('g') as Tensor)
      : applyOne(
          operator,
          reads.map((each) => known.get(each) as Tensor),
          attributes,
        );
}

function checkNumbers(names: readonly string[], attributes: Readonly<Record<string, number>>, where: string): void {
  const surplus = Object.keys(attributes).find((name) => !names.includes(name));
  if (surplus !== undefined) shapeError('SHAPE_ATTRIBUTE', where, `there is no number "${surplus}"`);
  for (const name of names) {
    const value = attributes[name];
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) continue;
    shapeError('SHAPE_ATTRIBUTE', where, `${name} is ${String(value)}; a finite float32 is needed`);
  }
}

/** A function of tensors made of expressions: of one operand, or a list of them, and of numbers. */
export interface Elementwise<N extends string = never> {
  (operands: TensorLike | readonly TensorLike[], numbers?: Partial<Numbers<N>>): Tensor;
  /** For `exportOnnx`'s option `operators`, and for graphs. */
  readonly operator: Operator<Numbers<N>>;
}

/**
 * An operator of your own, of single elements: its forward and its gradient as WGSL expressions.
 *
 *     const squareplus = elementwise('squareplus', {
 *       numbers: { b: 4 },
 *       forward: '0.5 * (x + sqrt(x * x + b))',
 *       gradient: 'g * 0.5 * (1.0 + x / sqrt(x * x + b))',
 *     });
 *     squareplus(x); squareplus(x, { b: 1 });
 *
 * An expression is scalar f32. Beside WGSL's functions it may call `isNan`, `isFinite`, `nan()` and `keepNan(value,
 * x)`, which is NaN where x is: WGSL lets devices lose NaN in comparisons, exp, log, min and max. Operands are
 * broadcast, and gradients summed over what was repeated.
 *
 * @param name for people: what the operator computes its expressions say, and two of one name are two.
 * @throws InfnetError `KERNEL_EXPRESSION` for names that cannot be, `OPTION_UNKNOWN`; where it is used, `SHAPE_...`;
 *   where it is planned, `KERNEL_COMPILE` for text that is no WGSL.
 */
export function elementwise<N extends string = never>(
  name: string,
  definition: ElementwiseDefinition<N>,
): Elementwise<N> {
  checkNames('elementwise', definition, ['inputs', 'numbers', 'forward', 'gradient', 'functions'], 'field');
  const { inputs = ['x'], gradient, numbers } = definition;
  checkDefinition(name, definition);
  const operator = elementwiseOperator(name, definition);
  const defaults = numbers ?? ({} as Numbers<N>);
  // Fails here, where it is written, and not in a plan.
  for (const text of [
    definition.forward,
    ...Object.values(typeof gradient === 'string' ? { gradient } : (gradient ?? {})),
  ]) {
    checkProgram(name, programOf({ operands: inputs, value: text, functions: definition.functions ?? [] }));
  }
  const apply = (operands: TensorLike | readonly TensorLike[], given: Partial<Numbers<N>> = {}): Tensor => {
    checkNames(name, given, Object.keys(defaults), 'number');
    const list = operands instanceof Tensor || operands instanceof Parameter ? [operands] : operands;
    return applyOne(operator, list, { ...defaults, ...given });
  };
  return Object.assign(apply, { operator });
}

function checkDefinition<N extends string>(name: string, definition: ElementwiseDefinition<N>): void {
  const { inputs = ['x'], numbers = {}, gradient, forward, functions = [] } = definition;
  const fail = (message: string, fix: string): never => {
    throw new InfnetError({ code: 'KERNEL_EXPRESSION', message, where: name, fix });
  };
  const names = [...inputs, ...Object.keys(numbers)];
  const reserved = names.find((each, i) => each === 'y' || each === 'g' || names.indexOf(each) < i);
  if (reserved !== undefined)
    fail(`"${reserved}" names two things`, 'y is the result, g its gradient: name others differently.');
  const texts = typeof gradient === 'string' ? { [inputs[0] as string]: gradient } : (gradient ?? {});
  if (typeof gradient === 'string' && inputs.length > 1) {
    fail(
      'there is one gradient and there are several operands',
      `Give { ${inputs.join(', ')} }, an expression for each.`,
    );
  }
  for (const [input, text] of Object.entries(texts)) {
    if (!inputs.includes(input)) fail(`there is no operand "${input}"`, `There are: ${inputs.join(', ')}.`);
    if (!/\bg\b/.test(text))
      fail(`the gradient "${text}" does not read g`, 'Multiply the derivative by g, the gradient of the result.');
  }
  const wrong = [forward, ...Object.values(texts)].find(
    (text) => typeof text !== 'string' || /[;{}]/.test(text) || text.trim() === '',
  );
  if (wrong !== undefined)
    fail(`"${wrong}" is no expression`, 'Put statements into a function, and give its text in `functions`.');
  const odd = functions.find((text) => typeof text !== 'string');
  if (odd !== undefined) fail('a function is no text', 'Give whole WGSL functions as texts.');
}
