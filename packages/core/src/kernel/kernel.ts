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
 *  - an operand `x` that may be a channel range of a larger tensor is addressed by `params.xOffset` (elements to its first
 *    value) and `params.xBatchStride` (elements between batch items); inside one batch item channels are contiguous.
 *
 * A {@link KernelCall} adds what one dispatch needs: compile-time constants, parameter values, workgroup counts, and the
 * work it does (FLOPs and bytes, for submits bounded in time and for the profiler). {@link describeCall} turns it into
 * what somebody else's WebGPU program needs; nothing of it touches a GPU.
 */
import { InfnetError } from '@infnet/errors';
import { type Constants, expandSource } from './expand.js';

/** A hand-written WGSL kernel. */
export interface Kernel {
  /** `package/kernel`, e.g. `conv/gemm`. Unique. */
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
}

/** What another WebGPU program needs to make the pipeline, the bind group and the dispatch itself. */
export interface CallDescription extends KernelVariant {
  /** Contents of the uniform buffer at binding 0, or undefined for a kernel without parameters. */
  readonly uniform: ArrayBuffer | undefined;
  readonly workgroups: readonly [number, number, number];
}

const variants = new WeakMap<Kernel, Map<string, KernelVariant>>();

/** Expands a kernel for the given constants. Pure; equal arguments give the identical object. */
export function kernelVariant(kernel: Kernel, constants: Constants): KernelVariant {
  const key = variantKey(constants);
  let known = variants.get(kernel);
  if (known === undefined) {
    known = new Map();
    variants.set(kernel, known);
  }
  let variant = known.get(key);
  if (variant === undefined) {
    const code = expandSource(kernel.source, constants, `kernel ${kernel.name}`);
    const layout = { bindings: parseBindings(code), parameters: parseParameters(code, kernel.name) };
    variant = { name: kernel.name, code, entryPoint: 'main', ...layout };
    known.set(key, variant);
  }
  return variant;
}

/** Everything needed to run one call on any device, without the rest of infnet. */
export function describeCall(call: KernelCall): CallDescription {
  const variant = kernelVariant(call.kernel, call.constants);
  const uniform = variant.parameters.length === 0 ? undefined : packParameters(variant, call.params);
  return { ...variant, uniform, workgroups: call.workgroups };
}

/**
 * The bytes of `struct Params`. @throws InfnetError `KERNEL_PARAMETERS` when a field is missing, surplus, not finite or
 * does not fit its type.
 */
export function packParameters(variant: KernelVariant, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(Math.ceil((variant.parameters.length * 4) / 16) * 16);
  const view = new DataView(bytes);
  const known = new Set<string>();
  variant.parameters.forEach(({ name, type }, index) => {
    known.add(name);
    const value = values[name];
    if (value === undefined) throw parameterError(variant, `parameter "${name}" is missing`);
    if (type === 'f32') view.setFloat32(index * 4, value, true);
    else if (type === 'u32' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff) {
      view.setUint32(index * 4, value, true);
    } else if (type === 'i32' && Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff) {
      view.setInt32(index * 4, value, true);
    } else throw parameterError(variant, `parameter "${name}" = ${value} is no ${type}`);
  });
  const surplus = Object.keys(values).filter((name) => !known.has(name));
  if (surplus.length > 0) throw parameterError(variant, `unknown parameters: ${surplus.join(', ')}`);
  return bytes;
}

/** Workgroup counts for `total` workgroups in one line; kernels rebuild the index as `id.y * count.x + id.x`. */
export function dispatchLine(total: number): readonly [number, number, number] {
  const limit = 65535;
  if (total <= limit) return [Math.max(1, Math.ceil(total)), 1, 1];
  const rows = Math.ceil(total / limit);
  return [Math.ceil(total / rows), rows, 1];
}

export function variantKey(constants: Constants): string {
  const names = Object.keys(constants).sort();
  return names.map((name) => `${name}=${constants[name]}`).join(',');
}

function parseBindings(code: string): KernelBinding[] {
  const pattern = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage\s*(?:,\s*(read_write|read))?\s*>\s*(\w+)\s*:/g;
  return [...withoutComments(code).matchAll(pattern)].map((match) => ({
    name: match[3] as string,
    binding: Number(match[1]),
    access: (match[2] ?? 'read') as KernelBinding['access'],
  }));
}

function parseParameters(code: string, kernel: string): KernelParameter[] {
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
        where: `kernel ${kernel}`,
      });
    });
}

function withoutComments(code: string): string {
  return code.replace(/\/\/[^\n]*/g, '');
}

function parameterError(variant: KernelVariant, message: string): InfnetError {
  return new InfnetError({
    code: 'KERNEL_PARAMETERS',
    message,
    where: `kernel ${variant.name}`,
    fix: `It takes: ${variant.parameters.map(({ name, type }) => `${name}: ${type}`).join(', ')}.`,
  });
}
