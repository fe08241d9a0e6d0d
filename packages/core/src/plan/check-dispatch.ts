/**
 * What is checked of every dispatch before anything runs, of infnet's operators and of a user's alike. The kernel's
 * text is the truth: its bindings and its parameters say what the dispatch must give, and whether an operand may be a
 * part of a larger tensor.
 */
import { InfnetError } from '@infnet/errors';
import type { DeviceProfile } from '../context/device-profile.js';
import type { Dispatch, View } from '../graph/operator.js';
import {
  checkOperandNames,
  checkWorkgroups,
  type KernelVariant,
  kernelVariant,
  packParameters,
  withoutComments,
} from '../kernel/kernel.js';
import { elementCount } from '../tensor/types.js';

/**
 * @param where module path and operator
 * @throws InfnetError `KERNEL_...` naming operator, kernel and operand.
 */
export function checkDispatch(dispatch: Dispatch, device: DeviceProfile, where: string): void {
  const variant = kernelVariant(dispatch.kernel, dispatch.constants, where);
  const place = `${where}, kernel ${variant.name}`;
  const { limits } = device;
  packParameters(variant, dispatch.params, place);
  const { operands = {} } = dispatch;
  const given = Object.keys(operands).filter((name) => operands[name] !== undefined);
  checkOperandNames(variant.bindings, given, place);
  // How many a device takes is said where it is said what fits: fit.ts.
  checkWorkgroups(dispatch.workgroups, Number.MAX_SAFE_INTEGER, place);
  if (variant.bindings.length > limits.maxStorageBuffersPerShaderStage) {
    const message = `${variant.bindings.length} operands; the device binds ${limits.maxStorageBuffersPerShaderStage} in one dispatch`;
    throw new InfnetError({ code: 'KERNEL_OPERANDS', message, where: place, fix: 'Split it into several dispatches.' });
  }
  checkStorages(dispatch, variant, place);
  checkTypes(dispatch, variant, place);
}

/** Operands that lie in one storage, and storages that are too small. */
function checkStorages({ operands, elements = {} }: Dispatch, { bindings }: KernelVariant, where: string): void {
  for (const { name, access } of bindings) {
    const view = operands[name];
    if (view === undefined) continue;
    const { storage, type } = view;
    const needed = (elements[name] ?? 0) * (type.dtype === 'f16' ? 2 : 4);
    if (needed > storage.bytes) {
      const message = `the operand "${name}" has ${storage.bytes} bytes; ${needed} are needed`;
      throw new InfnetError({ code: 'KERNEL_OPERANDS', message, where });
    }
    if (access === 'read') continue;
    const other = bindings.find((each) => each.name !== name && operands[each.name]?.storage === storage);
    if (other === undefined) continue;
    throw new InfnetError({
      code: 'KERNEL_OPERANDS',
      message: `the operands "${name}" and "${other.name}" lie in one storage, and "${name}" is written`,
      where,
      fix: 'Bind the storage once, or leave the input out of `sharesStorage`, so that it gets memory of its own.',
    });
  }
}

/**
 * What is read as floats and holds integers, or the other way round; what a kernel writes is its own affair. Words
 * (`u32`) may hold anything: copies are made of them.
 */
function checkTypes({ operands }: Dispatch, variant: KernelVariant, where: string): void {
  const types = elementTypes(variant);
  for (const { name, access } of variant.bindings) {
    const view = operands[name];
    if (access === 'read_write' || view === undefined) continue;
    const { storage, type } = view;
    const element = types.get(name);
    if (element === undefined || element === 'u32' || element === type.dtype || storage.kind === 'scratch') continue;
    throw new InfnetError({
      code: 'KERNEL_OPERANDS',
      message: `the operand "${name}" holds ${type.dtype}, the kernel's text has ${element}`,
      where,
      fix: 'Refuse other element types in `infer`, or bind it as the type that it has.',
    });
  }
}

const elementsOf = new WeakMap<KernelVariant, ReadonlyMap<string, string>>();

/** The scalar type of each binding; those of a form that is not known here are left out. */
function elementTypes(variant: KernelVariant): ReadonlyMap<string, string> {
  let types = elementsOf.get(variant);
  if (types === undefined) {
    const text = withoutComments(variant.code);
    const aliases = new Map(
      [...text.matchAll(/\balias\s+(\w+)\s*=\s*([^;]+);/g)].map(([, name, type]) => [name, type]),
    );
    const found = new Map<string, string>();
    for (const [, name, given] of text.matchAll(/var<\s*storage[^>]*>\s*(\w+)\s*:\s*array<\s*(\w+(?:<\w+>)?)/g)) {
      const type = (aliases.get(given) ?? (given as string)).trim();
      const scalar =
        /^(?:vec\d<|atomic<)?(f32|u32|i32|f16)>?$/.exec(type)?.[1] ?? SHORT[/^vec\d(\w)$/.exec(type)?.[1] ?? ''];
      if (scalar !== undefined) found.set(name as string, scalar);
    }
    types = found;
    elementsOf.set(variant, types);
  }
  return types;
}

const SHORT: Readonly<Record<string, string>> = { f: 'f32', u: 'u32', i: 'i32', h: 'f16' };

/**
 * Why a kernel cannot read or write an operand where it lies: undefined for one that starts its storage and has no
 * gaps, and for one whose place the kernel is told.
 */
export function viewFault(dispatch: Dispatch, name: string, view: View): string | undefined {
  const { offset, batchStride, type } = view;
  const [batch = 1, ...item] = type.shape;
  const gaps = batch > 1 && batchStride !== elementCount(item);
  if (offset === 0 && !gaps) return undefined;
  const variant = kernelVariant(dispatch.kernel, dispatch.constants);
  const read = usedParameters(variant);
  const { params } = dispatch;
  const others = new Set(variant.bindings.map((binding) => binding.name));
  // A bias and an affine may share `affineOffset`: the parameter of a binding that this variant has not.
  const offsets = [...read].filter((field) => field.endsWith('Offset') && !others.has(field.slice(0, -6)));
  const own = `${name}Offset`;
  const told = read.has(own) ? params[own] !== 0 : offsets.some((field) => params[field] === offset);
  if (offset !== 0 && !told) {
    return `it starts at element ${offset}, and the kernel ${read.has(own) ? `is told ${own} = 0` : `reads no parameter ${own}`}`;
  }
  const strides = [...read].filter((field) => field.startsWith(name) && /^[A-Z]/.test(field.slice(name.length)));
  if (gaps && !strides.some((field) => params[field] === batchStride)) {
    return `its batch items lie ${batchStride} elements apart, and the kernel reads no parameter ${name}BatchStride of that value`;
  }
  return undefined;
}

const used = new WeakMap<KernelVariant, ReadonlySet<string>>();

/** Fields of `struct Params` that the kernel's text uses, not only declares. */
function usedParameters(variant: KernelVariant): ReadonlySet<string> {
  let names = used.get(variant);
  if (names === undefined) {
    const body = withoutComments(variant.code).replace(/struct\s+Params\s*\{[^}]*\}/, '');
    const words = new Set(body.match(/\.\s*\w+/g)?.map((word) => word.slice(1).trim()));
    names = new Set(variant.parameters.map(({ name }) => name).filter((name) => words.has(name)));
    used.set(variant, names);
  }
  return names;
}
