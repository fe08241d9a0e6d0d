/** The form of the goldens' sidecars. */
import type { Module } from '@infnet/core';

/** State-dict keys with shapes, in order, as the sidecars list them. */
export function specOf(module: Pick<Module, 'stateDictSpec'>): [string, readonly number[]][] {
  return module.stateDictSpec().map(({ name, shape }) => [name, shape]);
}
