/**
 * Every exported kernel call with numbers that cannot be: an error of ours with a code, from the call or from `describeCall`.
 *
 * The calls are found in the exports: one without a case fails.
 */
import { describeCall, isInfnetError, type KernelCall } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import { type CallCase, callCases } from './call-cases.js';
import { replaced } from './hostile.js';
import { packages } from './packages.js';

type Call = (...args: never[]) => unknown;

const found = Object.entries(packages)
  .filter(([name]) => name !== 'core')
  .flatMap(([name, exports]) =>
    Object.entries(exports)
      .filter(([key, value]) => typeof value === 'function' && /Calls?$/.test(key))
      .map(([key, value]) => [`${name}/${key}`, value as Call] as const),
  );

/** A call, or an object that holds some. */
function callsOf(result: unknown): KernelCall[] {
  if (typeof result !== 'object' || result === null) return [];
  if ('kernel' in result) return [result as KernelCall];
  return Object.values(result).flatMap(callsOf);
}

function outcome(call: Call, args: readonly unknown[]): string {
  try {
    const calls = callsOf(call(...(args as never[])));
    for (const each of calls) {
      describeCall(each);
      const numbers = [...Object.values(each.params), ...each.workgroups, each.flops, each.bytes];
      const wrong = numbers.find((value) => !Number.isFinite(value));
      if (wrong !== undefined || each.workgroups.some((count) => count < 1)) return `a number is ${wrong}`;
    }
    return calls.length > 0 ? 'fits' : 'no calls';
  } catch (error) {
    return isInfnetError(error) ? (error as { code: string }).code : `not ours: ${String(error)}`;
  }
}

describe('every exported kernel call', () => {
  it('has a case', () => {
    expect(found.map(([name]) => name).sort()).toEqual(Object.keys(callCases).sort());
  });

  it.each(found)('%s refuses numbers that cannot be', (name, call) => {
    const { args, allows = [] } = callCases[name] as CallCase;
    expect(outcome(call, args)).toBe('fits');
    const wrong: string[] = [];
    for (const { path, number, whole } of replaced(args)) {
      const result = outcome(call, whole as readonly unknown[]);
      const may = allows.includes(`${path}=${number}`) || (number === 0 && /[oO]ffsets?(\.\w+)?$/.test(path));
      const right = may ? result === 'fits' : /^(?:SHAPE|KERNEL|OPTION)_/.test(result);
      if (!right) wrong.push(`${path}=${number}: ${result}`);
    }
    expect(wrong).toEqual([]);
  });
});
