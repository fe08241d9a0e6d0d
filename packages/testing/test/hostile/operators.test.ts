/**
 * Every exported operator with operands and attributes that cannot be: an error of ours with a code, or types that make
 * sense and dispatches whose parameters do. Nothing runs on a device here.
 *
 * The operators are found in the exports: one that does not take images of one shape, and has no case, fails.
 */
import {
  type Attributes,
  type HostDType,
  isInfnetError,
  Module,
  type Operator,
  type Shape,
  schedule,
  type Tensor,
  type TensorType,
  trace,
} from '@infnet/core';
import { describeCall } from '@infnet/core/kernels';
import { describe, expect, it } from 'vitest';
import { replaced } from './hostile.js';
import { imagesOf, type OperatorCase, operatorCases } from './operator-cases.js';
import { packages } from './packages.js';

const isOperator = (value: unknown): value is Operator =>
  typeof value === 'object' && value !== null && 'infer' in value && 'lower' in value;

const found = Object.entries(packages).flatMap(([name, exports]) =>
  Object.entries(exports)
    .filter(([, value]) => isOperator(value))
    .map(([key, value]) => [`${name}/${key}`, value as Operator] as const),
);

const caseOf = (name: string, { arity }: Operator): OperatorCase =>
  operatorCases[name] ?? imagesOf(typeof arity === 'number' ? arity : (arity?.[0] ?? 1));

/** What came of it: the code of an error of ours, `fits`, or what is wrong. */
function outcome(operator: Operator, types: readonly TensorType[], attributes: Attributes): string {
  try {
    const names = types.map((_, i) => `operand${i}`);
    const graph = trace(
      (inputs: Readonly<Record<string, Tensor>>) => {
        const { graph } = inputs['any'] as Tensor;
        const node = graph.makeNode(
          operator,
          names.map((name) => inputs[name] as Tensor),
          attributes,
        );
        graph.nodes.push(node);
        return Object.fromEntries(node.outputs.map((y, i) => [`y${i}`, y]));
      },
      {
        any: [1],
        ...Object.fromEntries(
          types.map((type, i) => [names[i] as string, type as { readonly shape: Shape; readonly dtype: HostDType }]),
        ),
      },
    );
    for (const output of graph.outputs.values()) {
      if (!output.shape.every((size) => Number.isInteger(size) && size > 0)) return `gives [${output.shape}]`;
    }
    const { dispatches } = schedule(graph, { fusion: false });
    for (const dispatch of dispatches) {
      describeCall(dispatch);
      if (!dispatch.workgroups.every((count) => Number.isInteger(count) && count > 0))
        return `dispatches ${dispatch.workgroups}`;
      if (!Object.values(dispatch.params).every(Number.isFinite))
        return `parameters ${JSON.stringify(dispatch.params)}`;
    }
    return 'fits';
  } catch (error) {
    return isInfnetError(error) ? (error as { code: string }).code : `not ours: ${String(error)}`;
  }
}

const OURS = /^(?:SHAPE|GRAPH|LABEL|KERNEL|OPTION)_/;

function* wrongTypes({
  types,
  anyType = [],
  free = [],
}: OperatorCase): Generator<[string, readonly TensorType[], boolean]> {
  for (const [i, type] of types.entries()) {
    const changed = (next: TensorType): TensorType[] => types.map((own, k) => (k === i ? next : own));
    if (!anyType.includes(i)) {
      yield [`operand ${i} of another type`, changed({ ...type, dtype: type.dtype === 'f32' ? 'u32' : 'f32' }), true];
    }
    yield [`operand ${i} with a dimension more`, changed({ ...type, shape: [1, ...type.shape, 2] }), false];
    if (type.shape.length > 0)
      yield [`operand ${i} with a dimension less`, changed({ ...type, shape: type.shape.slice(1) }), false];
    for (const [d, size] of type.shape.entries()) {
      const resized = (next: number): TensorType[] =>
        changed({ ...type, shape: type.shape.map((own, k) => (k === d ? next : own)) });
      yield [`operand ${i}, dimension ${d} empty`, resized(0), true];
      yield [`operand ${i}, dimension ${d} of NaN`, resized(Number.NaN), true];
      yield [`operand ${i}, dimension ${d} of 1.5`, resized(1.5), true];
      yield [`operand ${i}, dimension ${d} negative`, resized(-size), true];
      yield [`operand ${i}, dimension ${d} larger`, resized(size + 1), types.length > 1 && !free.includes(`${i}.${d}`)];
    }
  }
}

describe('every exported operator', () => {
  it('is there that has a case', () => {
    expect(found.length).toBeGreaterThan(50);
    expect(found.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(operatorCases)));
  });

  it.each(found)('%s refuses operands that cannot be', (name, operator) => {
    const given = caseOf(name, operator);
    // Else write its right use into operator-cases.ts.
    expect(outcome(operator, given.types, given.attributes ?? {})).toBe('fits');
    const wrong: string[] = [];
    for (const [what, types, mustFail] of wrongTypes(given)) {
      const result = outcome(operator, types, given.attributes ?? {});
      if (!(OURS.test(result) || (result === 'fits' && !mustFail))) wrong.push(`${what}: ${result}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(found)('%s refuses attributes that cannot be', (name, operator) => {
    const given = caseOf(name, operator);
    const wrong: string[] = [];
    for (const { path, number, whole } of replaced(given.attributes ?? {})) {
      const result = outcome(operator, given.types, whole as Attributes);
      const may = Number.isFinite(number) && (given.allows ?? []).includes(`${path}=${number}`);
      if (!(OURS.test(result) || (result === 'fits' && may))) wrong.push(`${path}=${number}: ${result}`);
      if (may && result !== 'fits') wrong.push(`${path}=${number}: ${result}, but it is a value`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('every exported module', () => {
  const modules = Object.entries(packages).flatMap(([name, exports]) =>
    Object.entries(exports)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Module)
      .map(([key]) => `${name}/${key}`),
  );
  it('is known here', () => {
    expect(modules.length).toBeGreaterThan(15);
  });
});
