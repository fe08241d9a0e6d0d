/**
 * The profiler: GPU time of every dispatch from timestamp queries, under the name of the module that asked for it.
 */
import { InfnetError } from '@infnet/errors';
import { captureErrors, type DeviceFault } from '../context/capture.js';
import type { Context } from '../context/context.js';
import type { Command } from '../plan/commands.js';
import { formatProfileTable, gigaPerSecond, type ProfileRow } from './table.js';

/** One dispatch, timed. Seconds are GPU time. */
export interface ProfileEntry {
  readonly scope: string;
  readonly operator: string;
  readonly kernel: string;
  /** Seconds from the start of the first dispatch. */
  readonly start: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

export class Profile {
  readonly entries: readonly ProfileEntry[];

  constructor(entries: readonly ProfileEntry[]) {
    this.entries = entries;
  }

  /** Total GPU seconds. */
  get seconds(): number {
    return this.entries.reduce((total, { seconds }) => total + seconds, 0);
  }

  /** Sums by kernel, by operator, or by module path cut to `depth` parts; slowest first. */
  group(by: 'kernel' | 'operator' | 'scope', depth: number = Number.POSITIVE_INFINITY): ProfileRow[] {
    const rows = new Map<string, { name: string; calls: number; seconds: number; flops: number; bytes: number }>();
    for (const entry of this.entries) {
      const name = by === 'scope' ? entry.scope.split('.').slice(0, depth).join('.') : entry[by];
      const row = rows.get(name) ?? { name, calls: 0, seconds: 0, flops: 0, bytes: 0 };
      row.calls++;
      row.seconds += entry.seconds;
      row.flops += entry.flops;
      row.bytes += entry.bytes;
      rows.set(name, row);
    }
    return [...rows.values()].sort((a, b) => b.seconds - a.seconds);
  }

  /** A table for people: time, share, GFLOP/s, GB/s per group. */
  table(by: 'kernel' | 'operator' | 'scope' = 'scope', depth?: number): string {
    return formatProfileTable(this.group(by, depth), this.seconds);
  }

  /** The Trace Event format, for chrome://tracing and Perfetto: one bar per dispatch, named after its module. */
  chromeTrace(): { readonly traceEvents: readonly object[]; readonly displayTimeUnit: 'ms' } {
    const traceEvents = this.entries.map((entry) => ({
      name: entry.scope === '' ? entry.operator : entry.scope,
      cat: entry.kernel,
      ph: 'X',
      pid: 1,
      tid: 1,
      ts: entry.start * 1e6,
      dur: entry.seconds * 1e6,
      args: {
        operator: entry.operator,
        kernel: entry.kernel,
        gflops: gigaPerSecond(entry.flops, entry.seconds),
        gigabytesPerSecond: gigaPerSecond(entry.bytes, entry.seconds),
      },
    }));
    return { traceEvents, displayTimeUnit: 'ms' };
  }
}

/** Timestamps per query set; WebGPU allows 4096. */
const QUERIES = 4096;

/** @throws InfnetError `PROFILE_UNSUPPORTED` without the feature `timestamp-query`. */
export function assertCanProfile({ device }: Context): void {
  if (device.features.has('timestamp-query')) return;
  throw new InfnetError({
    code: 'PROFILE_UNSUPPORTED',
    message: 'this device was made without the feature "timestamp-query"',
    fix: 'Use a context from open(), or request the feature when you create the device.',
  });
}

/** Runs commands with a timestamp before and after each; `faults` gets what the device says of them. */
export async function profileCommands(
  context: Context,
  commands: readonly Command[],
  faults: Promise<DeviceFault | undefined>[],
): Promise<Profile> {
  const times: bigint[] = [];
  for (let start = 0; start < commands.length; start += QUERIES / 2) {
    times.push(...(await timeBatch(context, commands.slice(start, start + QUERIES / 2), faults)));
  }
  const origin = times[0] ?? 0n;
  const entries = commands.map(({ dispatch }, i) => {
    const [begin, end] = [times[2 * i] as bigint, times[2 * i + 1] as bigint];
    const { scope, operator, flops, bytes, kernel } = dispatch;
    const seconds = Number(end - begin) / 1e9;
    return { scope, operator, kernel: kernel.name, start: Number(begin - origin) / 1e9, seconds, flops, bytes };
  });
  return new Profile(entries);
}

async function timeBatch(
  context: Context,
  commands: readonly Command[],
  faults: Promise<DeviceFault | undefined>[],
): Promise<bigint[]> {
  const { device } = context;
  const count = commands.length * 2;
  const made: (() => void)[] = [];
  const submit = (): GPUBuffer => {
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    made.push(() => querySet.destroy());
    const create = (label: string, usage: number): GPUBuffer => {
      const buffer = context.createBuffer({ label, size: count * 8, usage });
      made.push(() => context.destroyBuffer(buffer));
      return buffer;
    };
    const resolved = create('timestamps', 0x200 | 0x04);
    const readback = create('timestamp readback', 0x01 | 0x08);
    commands.forEach((command, i) => {
      const encoder = device.createCommandEncoder();
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.dispatch.workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
    });
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readback, 0, count * 8);
    device.queue.submit([encoder.finish()]);
    return readback;
  };
  try {
    const { value: readback, fault } = captureErrors(device, submit, ['out-of-memory', 'validation']);
    faults.push(fault);
    context.watchdog.submitted(commands);
    await context.watchdog.wait(readback.mapAsync(0x01));
    return [...new BigUint64Array(readback.getMappedRange().slice(0))];
  } finally {
    for (const free of made) free();
  }
}
