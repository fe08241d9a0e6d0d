/**
 * Kernels as plain data: the first of the three faces of every operator.
 *
 * A kernel is a name and a WGSL text. The text is the only truth: the layout of its bindings and of its parameter block
 * is read from it, so that the two cannot disagree. Conventions that every kernel of infnet keeps:
 *
 *  - the entry point is `main`;
 *  - `@group(0) @binding(0) var<uniform> params: Params;` where `struct Params` has scalar fields (u32, i32, f32) only;
 *    a kernel without parameters has no binding 0;
 *  - storage buffers are `@group(0) @binding(1...)`, named like the operands they hold;
 *  - an operand `x` that may be a channel range of a larger tensor is addressed by `params.xOffset` (elements to its
 *    first value) and `params.xBatchStride` (elements between batch items); inside one batch item channels are
 *    contiguous. A kernel without them gets whole tensors only: the planner reads that from the text.
 *
 * Two kernels are the same when their texts are; the name is for people.
 *
 * A {@link KernelCall} adds what one dispatch needs: compile-time constants, parameter values, workgroup counts, and
 * the work it does (FLOPs and bytes, for submits bounded in time and for the profiler). {@link describeCall} turns it
 * into what somebody else's WebGPU program needs; nothing of it touches a GPU.
 */
import { InfnetError } from '@infnet/errors';
import { type Constants, expandSource, namesOfConstants } from './expand.js';

/** A hand-written WGSL kernel. */
export interface Kernel {
  /** `package/kernel`, e.g. `conv/gemm`: for errors and profiles. */
  readonly name: string;
  /** The `.wgsl` text, before expansion. */
  readonly source: string;
}

/** One storage buffer of a kernel. */
export interface KernelBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: 'read' | 'read_write';
}

/** One scalar of a kernel's `struct Params`. */
export interface KernelParameter {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32';
}

/** A kernel with its constants compiled in: the text that runs and the layout read from it. */
export interface KernelVariant {
  readonly name: string;
  readonly code: string;
  readonly entryPoint: 'main';
  readonly bindings: readonly KernelBinding[];
  readonly parameters: readonly KernelParameter[];
}

/** One dispatch of a kernel, as plain data. */
export interface KernelCall {
  readonly kernel: Kernel;
  readonly constants: Constants;
  /** Values of `struct Params` by field name. */
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations, 2 per multiply-add. */
  readonly flops: number;
  /** Bytes that must move at least: each operand once. */
  readonly bytes: number;
  /** Elements that the buffer behind each binding must have at least, where the call knows it. */
  readonly elements?: Readonly<Record<string, number>>;
}

/** A binding of a call: what a bind group layout needs to refuse a buffer that is too small. */
export interface CallBinding extends KernelBinding {
  /** Bytes that its buffer must have at least; 0 where the call does not know. The name is WebGPU's. */
  readonly minBindingSize: number;
}

/** Buffers of yours by binding name: the bytes that are bound, or anything with a `size`, such as a GPUBuffer. */
export type CallBuffers = Readonly<Record<string, number | { readonly size: number }>>;

/** What another WebGPU program needs to make the pipeline, the bind group and the dispatch itself. */
export interface CallDescription extends Omit<KernelVariant, 'bindings'> {
  readonly bindings: readonly CallBinding[];
  /** Contents of the uniform buffer at binding 0, or undefined for a kernel without parameters. */
  readonly uniform: ArrayBuffer | undefined;
  readonly workgroups: readonly [number, number, number];
}

interface Expansions {
  readonly name: string;
  readonly source: string;
  readonly byConstants: Map<string, KernelVariant>;
}

const expansions = new WeakMap<Kernel, Expansions>();

/**
 * Expands a kernel for the given constants. Pure; equal arguments give the identical object.
 *
 * @param where for errors: who dispatches it
 * @throws InfnetError `KERNEL_INVALID` for something that is not a kernel, `KERNEL_CONSTANTS` for a constant that is no
 *   integer or that the text does not know, `KERNEL_EXPANSION`, `KERNEL_PARAMETERS`.
 */
export function kernelVariant(kernel: Kernel, constants: Constants = {}, where?: string): KernelVariant {
  if (typeof kernel?.source !== 'string' || typeof kernel.name !== 'string') {
    const message = 'a kernel needs a name and its WGSL text';
    const fix = 'Give { name, source }, both texts.';
    throw new InfnetError({ code: 'KERNEL_INVALID', message, fix, ...(where !== undefined && { where }) });
  }
  const { name, source } = kernel;
  const place = `${where === undefined ? '' : `${where}, `}kernel ${name}`;
  const key = variantKey(constants);
  let known = expansions.get(kernel);
  // What identifies a kernel is its text: an object whose text was changed is another kernel.
  if (known?.source !== source || known.name !== name) {
    known = { name, source, byConstants: new Map() };
    expansions.set(kernel, known);
  }
  let variant = known.byConstants.get(key);
  if (variant === undefined) {
    checkConstants(source, constants, place);
    const code = expandSource(source, constants, place);
    const layout = { bindings: parseBindings(code), parameters: parseParameters(code, place) };
    variant = { name, code, entryPoint: 'main', ...layout };
    known.byConstants.set(key, variant);
  }
  return variant;
}

function checkConstants(source: string, constants: Constants, where: string): void {
  const known = namesOfConstants(source);
  for (const [constant, value] of Object.entries(constants)) {
    const isKnown = known.has(constant);
    if (isKnown && Number.isSafeInteger(value)) continue;
    throw new InfnetError({
      code: 'KERNEL_CONSTANTS',
      message: isKnown
        ? `the constant ${constant} = ${value} is no integer`
        : `the constant ${constant} does not occur in the kernel's text`,
      where,
      fix: `Its directives use: ${[...known].join(', ') || 'no constants'}.`,
    });
  }
}

/**
 * Everything needed to run one call on any device, without the rest of infnet.
 *
 * @param buffers what will be bound, if it is there already: names and sizes are checked.
 * @throws InfnetError what {@link kernelVariant} throws; `KERNEL_PARAMETERS` for parameters that are missing, surplus,
 *   not finite or of the wrong type; `KERNEL_WORKGROUPS`; `KERNEL_OPERANDS` for buffers that are missing, surplus or
 *   too small.
 */
export function describeCall(call: KernelCall, buffers?: CallBuffers): CallDescription {
  const variant = kernelVariant(call.kernel, call.constants);
  const uniform = variant.parameters.length === 0 ? undefined : packParameters(variant, call.params);
  if (uniform === undefined) packParameters(variant, call.params);
  const where = `kernel ${variant.name}`;
  checkWorkgroups(call.workgroups, 65535, where);
  const bindings = variant.bindings.map((binding) => ({
    ...binding,
    minBindingSize: 4 * (call.elements?.[binding.name] ?? 0),
  }));
  if (buffers !== undefined) checkBuffers(bindings, buffers, where);
  return { ...variant, bindings, uniform, workgroups: call.workgroups };
}

function checkBuffers(bindings: readonly CallBinding[], buffers: CallBuffers, where: string): void {
  checkOperandNames(bindings, Object.keys(buffers), where);
  for (const { name, minBindingSize } of bindings) {
    const given = buffers[name];
    const bytes = typeof given === 'number' ? given : given?.size;
    if (typeof bytes === 'number' && bytes >= minBindingSize) continue;
    throw new InfnetError({
      code: 'KERNEL_OPERANDS',
      message: `the buffer for "${name}" has ${bytes} bytes; ${minBindingSize} are needed`,
      where,
      fix: 'Bind a buffer of that size, or describe the call by the shapes and ranges that the buffers have.',
    });
  }
}

/** @throws InfnetError `KERNEL_OPERANDS` unless exactly the kernel's bindings are given. */
export function checkOperandNames(bindings: readonly KernelBinding[], given: readonly string[], where: string): void {
  const names = new Set(bindings.map(({ name }) => name));
  const surplus = given.filter((name) => !names.has(name));
  const missing = [...names].filter((name) => !given.includes(name));
  if (surplus.length + missing.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`${missing.join(', ')} missing`] : []),
    ...(surplus.length > 0 ? [`${surplus.join(', ')} unknown`] : []),
  ];
  throw new InfnetError({
    code: 'KERNEL_OPERANDS',
    message: `operands do not fit the kernel's bindings: ${parts.join('; ')}`,
    where,
    fix: `It binds: ${[...names].join(', ') || 'nothing'}.`,
  });
}

/** @throws InfnetError `KERNEL_WORKGROUPS` unless there are three counts of 1 to `limit`. */
export function checkWorkgroups(workgroups: readonly number[], limit: number, where: string): void {
  const fits = Array.isArray(workgroups) && workgroups.length === 3;
  if (fits && workgroups.every((count) => Number.isInteger(count) && count >= 1 && count <= limit)) return;
  const tooMany = fits && workgroups.some((count) => count > limit);
  throw new InfnetError({
    code: 'KERNEL_WORKGROUPS',
    message: `a dispatch of [${String(workgroups).replaceAll(',', ', ')}] workgroups; each of the three counts must be an integer of 1 to ${limit}`,
    where,
    fix: tooMany
      ? 'Use a smaller batch, image or number of channels or groups here.'
      : 'Fold the work into three positive counts (`dispatchLine`).',
    details: { workgroups, limit },
  });
}

/**
 * The bytes of `struct Params`. @throws InfnetError `KERNEL_PARAMETERS` when a field is missing, surplus, not finite or
 * does not fit its type.
 */
export function packParameters(
  variant: KernelVariant,
  values: Readonly<Record<string, number>> = {},
  where = `kernel ${variant.name}`,
): ArrayBuffer {
  const bytes = new ArrayBuffer(Math.ceil((variant.parameters.length * 4) / 16) * 16);
  const view = new DataView(bytes);
  const known = new Set<string>();
  const failure = (message: string): InfnetError => {
    const takes = variant.parameters.map(({ name, type }) => `${name}: ${type}`).join(', ') || 'none';
    return new InfnetError({ code: 'KERNEL_PARAMETERS', message, where, fix: `It takes: ${takes}.` });
  };
  for (const [index, { name, type }] of variant.parameters.entries()) {
    known.add(name);
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw failure(`parameter "${name}" is missing`);
    if (type === 'f32' && Number.isFinite(Math.fround(value)) && typeof value === 'number') {
      view.setFloat32(index * 4, value, true);
    } else if (type === 'u32' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff) {
      view.setUint32(index * 4, value, true);
    } else if (type === 'i32' && Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff) {
      view.setInt32(index * 4, value, true);
    } else
      throw failure(
        `parameter "${name}" = ${value} is not ${type === 'f32' ? 'a finite f32' : type === 'i32' ? 'an i32' : 'a u32'}`,
      );
  }
  const surplus = Object.keys(values).filter((name) => !known.has(name));
  if (surplus.length > 0) throw failure(`unknown parameters: ${surplus.join(', ')}`);
  return bytes;
}

/** Workgroup counts for `total` workgroups in one line; kernels rebuild the index as `id.y * count.x + id.x`. */
export function dispatchLine(total: number): readonly [number, number, number] {
  const limit = 65535;
  if (total <= limit) return [Math.max(1, Math.ceil(total)), 1, 1];
  const rows = Math.ceil(total / limit);
  return [Math.ceil(total / rows), rows, 1];
}

/**
 * Workgroups of a kernel that works through `groups` workgroups of each of `batch` items: the item in y and the line in
 * x and z, or, where there are more items than y takes (FOLDED 1), all in one line, in which item n begins at
 * `n * lines`.
 */
export function batchedLines(groups: number, batch: number): Pick<KernelCall, 'constants' | 'params' | 'workgroups'> {
  if (batch > 65535) {
    const workgroups = dispatchLine(groups * batch);
    return { constants: { FOLDED: 1 }, params: { lines: groups, batch }, workgroups };
  }
  const lines = Math.min(groups, 65535);
  return { constants: {}, params: { lines }, workgroups: [lines, batch, Math.ceil(groups / lines)] };
}

export function variantKey(constants: Constants): string {
  const names = Object.keys(constants).sort();
  return names.map((name) => `${name}=${constants[name]}`).join(',');
}

function parseBindings(code: string): KernelBinding[] {
  const attributes = String.raw`@(?:group\(0\)\s*@binding\((\d+)\)|binding\((\d+)\)\s*@group\(0\))`;
  const pattern = new RegExp(
    String.raw`${attributes}\s*var<\s*storage\s*(?:,\s*(read_write|read)\s*)?>\s*(\w+)\s*:`,
    'g',
  );
  return [...withoutComments(code).matchAll(pattern)].map((match) => ({
    name: match[4] as string,
    binding: Number(match[1] ?? match[2]),
    access: (match[3] ?? 'read') as KernelBinding['access'],
  }));
}

function parseParameters(code: string, where: string): KernelParameter[] {
  const body = /struct\s+Params\s*\{([^}]*)\}/.exec(withoutComments(code))?.[1];
  if (body === undefined) return [];
  const fields = body.split(',').map((field) => field.trim());
  return fields
    .filter((field) => field !== '')
    .map((field) => {
      const match = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(field);
      if (match) return { name: match[1] as string, type: match[2] as KernelParameter['type'] };
      throw new InfnetError({
        code: 'KERNEL_PARAMETERS',
        message: `struct Params has the field "${field}"; only u32, i32 and f32 scalars are allowed`,
        where,
      });
    });
}

/** The text without line and block comments. */
export function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');
}
