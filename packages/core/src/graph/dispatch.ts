import type { KernelCall } from '../kernel/kernel.js';
import type { Dispatch, View } from './operator.js';

/** The call with the views that its bindings stand for; those that are undefined are left out. */
export function dispatch(call: KernelCall, operands: Readonly<Record<string, View | undefined>>): Dispatch {
  const views: Record<string, View> = {};
  for (const [name, view] of Object.entries(operands)) if (view !== undefined) views[name] = view;
  return { ...call, operands: views };
}
