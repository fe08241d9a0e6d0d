/**
 * Inputs and outputs that lie in buffers of a host's: where, which of them only get copies, and what is wrong with one.
 */
import { InfnetError } from '@infnet/errors';
import { captureErrors } from '../context/capture.js';
import type { Pipeline } from '../context/pipelines.js';
import { assertUsage, checkWrapped, nameOf, type WrappedBuffer } from '../context/wrapped-buffer.js';
import type { Storage, View } from '../graph/operator.js';
import { elementCount, formatShape, sameShape } from '../tensor/types.js';
import type { BufferRange } from './commands.js';
import { inputError } from './inputs.js';
import type { ScheduledDispatch } from './lowering.js';
import type { Schedule } from './schedule.js';

export type Bind = Readonly<Record<string, WrappedBuffer>>;

interface Bound {
  readonly name: string;
  readonly view: View;
  readonly isOutput: boolean;
  readonly range: BufferRange;
}

export interface Bindings {
  readonly ranges: ReadonlyMap<Storage, BufferRange>;
  /** Outputs that a run does not compute in their place: an input, a parameter, another output. Copied when it ends. */
  readonly copies: readonly { readonly from: Storage; readonly to: BufferRange }[];
  /** What each buffer is bound as. */
  readonly buffers: ReadonlyMap<GPUBuffer, string>;
}

/**
 * @throws InfnetError `PLAN_INPUT` for a name or shape that does not fit, `BUFFER_...`; `BUFFER_ALIAS` where two lie in
 *   one place.
 */
export function bindBuffers({ inputs, outputs }: Schedule, bind: Bind, alignment: number): Bindings {
  const bound = Object.entries(bind).map(([name, wrapped]): Bound => {
    const where = `bind "${name}"`;
    const view = viewOf(inputs, outputs, name);
    checkWrapped(wrapped ?? {}, alignment, where);
    if (!sameShape(view.type.shape, wrapped.shape)) {
      const shapes = `${formatShape(wrapped.shape)}, but the trace has ${formatShape(view.type.shape)}`;
      throw inputError(inputs, `"${name}" is bound to a buffer of shape ${shapes}`);
    }
    const range = { buffer: wrapped.buffer, offset: wrapped.offset, size: elementCount(wrapped.shape) * 4 };
    return { name, view, isOutput: !inputs.has(name), range };
  });
  for (const [i, a] of bound.entries()) for (const b of bound.slice(i + 1)) assertApart(a, b);
  const ranges = new Map<Storage, BufferRange>();
  const copies: { from: Storage; to: BufferRange }[] = [];
  for (const { name, view, isOutput, range } of bound.sort((a, b) => Number(a.isOutput) - Number(b.isOutput))) {
    const { storage } = view;
    const taken = ranges.get(storage);
    if (taken === undefined && storage.kind !== 'constant' && storage.kind !== 'parameter') {
      ranges.set(storage, range);
      const input = isOutput && [...inputs].find(([, other]) => other.storage === storage);
      if (input) assertUsage(range.buffer, 'COPY_DST', `bind "${name}"`, `the input "${input[0]}" is written into it`);
    } else if (taken?.buffer !== range.buffer || taken.offset !== range.offset) {
      if (taken !== undefined) assertUsage(taken.buffer, 'COPY_SRC', `bind "${name}"`, `"${name}" is copied from it`);
      assertUsage(range.buffer, 'COPY_DST', `bind "${name}"`, 'what it gets is computed elsewhere and copied');
      copies.push({ from: storage, to: range });
    }
  }
  for (const [name, { storage }] of outputs) {
    const range = ranges.get(storage);
    if (range === undefined || Object.hasOwn(bind, name)) continue;
    assertUsage(range.buffer, 'COPY_SRC', `output "${name}"`, `"${name}" is read back from it, unless you bind it too`);
  }
  return { ranges, copies, buffers: labels(bound) };
}

function viewOf(inputs: Schedule['inputs'], outputs: Schedule['outputs'], name: string): View {
  const [input, output] = [inputs.get(name), outputs.get(name)];
  const view = input ?? output;
  if (view === undefined) throw inputError(inputs, `"${name}" is bound to a buffer but is no input or output`);
  if (input === undefined || output === undefined || input.storage === output.storage) return view;
  throw inputError(inputs, `"${name}" is bound to a buffer but is the name of an input and of an output`);
}

function assertApart(a: Bound, b: Bound): void {
  if (a.range.buffer !== b.range.buffer || !(a.isOutput || b.isOutput)) return;
  const overlap = a.range.offset < b.range.offset + b.range.size && b.range.offset < a.range.offset + a.range.size;
  const same = a.view.storage === b.view.storage;
  // An output that is an input (or another output) itself may be left where it is, but not be copied inside one buffer.
  if (same ? a.range.offset === b.range.offset : !overlap) return;
  throw aliasError(
    [a.name, b.name],
    a.range.buffer,
    overlap ? 'in ranges that overlap' : 'but one is a copy of the other',
  );
}

function aliasError(
  names: readonly string[],
  buffer: GPUBuffer,
  why: string,
  fix = 'Give what is written a buffer of its own.',
): InfnetError {
  return new InfnetError({
    code: 'BUFFER_ALIAS',
    message: `${names.map((name) => `"${name}"`).join(' and ')} lie in one buffer (${nameOf(buffer)}), ${why}`,
    where: 'bind',
    fix,
  });
}

function labels(bound: readonly Bound[]): Map<GPUBuffer, string> {
  const found = new Map<GPUBuffer, string>();
  for (const { name, range } of bound) {
    const before = found.get(range.buffer);
    found.set(range.buffer, before === undefined ? `"${name}"` : `${before} and "${name}"`);
  }
  return found;
}

/**
 * WebGPU refuses a dispatch that reads a buffer through one binding and writes it through another, whatever the ranges.
 *
 * @throws InfnetError `BUFFER_ALIAS`.
 */
export function assertSeparate(
  { kernel, scope, operands }: ScheduledDispatch,
  { variant }: Pipeline,
  rangeOf: (storage: Storage) => BufferRange,
): void {
  const uses = variant.bindings.flatMap(({ name, access }) => {
    const view = operands[name];
    return view === undefined
      ? []
      : [{ access, label: view.storage.label, storage: view.storage, range: rangeOf(view.storage) }];
  });
  for (const [i, a] of uses.entries()) {
    for (const b of uses.slice(i + 1)) {
      if (a.storage === b.storage || a.range.buffer !== b.range.buffer || a.access === b.access) continue;
      const why = `and ${`${scope} ${kernel.name}`.trimStart()} would read and write it at once`;
      const isOurs = [a, b].some(({ storage }) => storage.kind === 'parameter');
      const fix = isOurs
        ? 'Pass what is only read through an operator that copies it, or keep it in another store.'
        : undefined;
      throw aliasError([a.label, b.label], a.range.buffer, why, fix);
    }
  }
}

/**
 * What the device refuses of a host's buffers, found by using each of them alone. Nothing is computed.
 *
 * @param buffers what each is bound as.
 * @param ignoreMapped a mapped buffer may be unmapped before it is used.
 * @returns `BUFFER_DEVICE`, `BUFFER_MAPPED`, `BUFFER_DESTROYED`, or undefined when the device takes all of them.
 */
export async function faultyBuffer(
  device: GPUDevice,
  buffers: ReadonlyMap<GPUBuffer, string>,
  { ignoreMapped = false }: { readonly ignoreMapped?: boolean } = {},
): Promise<InfnetError | undefined> {
  const found = await Promise.all(
    [...buffers].map(async ([buffer, names]) => {
      const refuse = (code: string, what: string, fix: string): InfnetError =>
        new InfnetError({ code, message: `${nameOf(buffer)}, bound as ${names}, ${what}`, where: 'bind', fix });
      const { bound, submitted } = tryBuffer(device, buffer);
      if (await bound) {
        return refuse('BUFFER_DEVICE', 'is of another device, or was never valid', "Make it on this context's device.");
      }
      // Asked for before the await, the answer is that of the moment of the trial.
      if (!(await submitted)) return undefined;
      if (buffer.mapState === 'unmapped') {
        return refuse(
          'BUFFER_DESTROYED',
          'was destroyed',
          'Dispose the plan before the buffer, and plan again with a new one.',
        );
      }
      return ignoreMapped ? undefined : refuse('BUFFER_MAPPED', 'is mapped', 'Call buffer.unmap() before the run.');
    }),
  );
  return found.find((error) => error !== undefined);
}

/** Binds a buffer, and submits a pass that has it bound but dispatches nothing. */
function tryBuffer(device: GPUDevice, buffer: GPUBuffer): { bound: Promise<unknown>; submitted: Promise<unknown> } {
  const { value: bindGroup, fault: bound } = captureErrors(device, () => {
    const entry = { binding: 0, visibility: 0x4, buffer: { type: 'read-only-storage' } } as const;
    const layout = device.createBindGroupLayout({ entries: [entry] });
    const resource = { buffer, size: Math.min(buffer.size, 256) & ~3 };
    return device.createBindGroup({ layout, entries: [{ binding: 0, resource }] });
  });
  const { fault: submitted } = captureErrors(device, () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, bindGroup);
    pass.end();
    device.queue.submit([encoder.finish()]);
  });
  return { bound, submitted };
}
