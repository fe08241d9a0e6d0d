/** The goldens' parameters for any module, and the sidecars' form. */
import type { Module, StateDict } from '@infnet/core';
import { param, roleOf } from '@infnet/testing';

/** Every parameter of a net by the recipe: the value follows from its state-dict key. */
export function recipeState(module: Pick<Module, 'parameters'>, gain: number): StateDict {
  const parameters = module.parameters().filter(({ unused }) => !unused);
  const keys = new Set(parameters.map(({ name }) => name));
  return new Map(
    parameters.map(({ name, shape }) => {
      const role = roleOf(name, shape, keys);
      if (role === undefined) throw new Error(`the recipe has no value for ${name}`);
      return [name, { shape, data: param(name, shape, role, gain) }];
    }),
  );
}

/** State-dict keys with shapes, in order, as the sidecars list them. */
export function specOf(module: Pick<Module, 'stateDictSpec'>): [string, readonly number[]][] {
  return module.stateDictSpec().map(({ name, shape }) => [name, shape]);
}

/** What a net golden's sidecar says. */
export interface NetSidecar {
  readonly gain: number;
  readonly input: { readonly name: string; readonly shape: readonly [number, number, number, number] };
  readonly params: Readonly<Record<string, readonly number[]>>;
  readonly parameter_count: number;
}

/** The reference's names of Inf-Net's outputs, in its order, with ours. */
export const OUTPUTS = {
  lateral_map_5: 'lateralMap5',
  lateral_map_4: 'lateralMap4',
  lateral_map_3: 'lateralMap3',
  lateral_map_2: 'lateralMap2',
  lateral_edge: 'lateralEdge',
} as const;
