/** The known classes of adapters, and which one an adapter is of. */
import { gpu } from './gpu.js';
import { llvmpipe } from './llvmpipe.js';
import { swiftshader } from './swiftshader.js';
import type { AdapterClass, AdapterTraits } from './traits.js';

/** From the special to the general: the first that matches is an adapter's class. */
const CLASSES: readonly AdapterClass[] = [llvmpipe, swiftshader, gpu];

/** Traits by class: for profiles of devices that are not at hand. */
export const ADAPTER_TRAITS: Readonly<Record<'gpu' | 'llvmpipe' | 'swiftshader', AdapterTraits>> = {
  gpu: gpu.traits,
  llvmpipe: llvmpipe.traits,
  swiftshader: swiftshader.traits,
};

/** The traits of an adapter's class; `text` is its description. */
export function traitsOf(text: string, subgroupSize: number): AdapterTraits {
  const { traits } = CLASSES.find((each) => each.matches(text.toLowerCase(), subgroupSize)) ?? gpu;
  return traits;
}
