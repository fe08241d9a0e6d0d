/**
 * Runs of a prepared plan: what each submits, in one synchronous block or part by part, and how it ends.
 *
 * Nothing is awaited between the first and the last call of a block, and no code of a host's is called inside of one,
 * so that the host's errors stay with the host and ours with us.
 */
import { InfnetError } from '@infnet/errors';
import { captureErrors, type DeviceFault, firstFault } from '../context/capture.js';
import type { Context } from '../context/context.js';
import type { Begun } from '../context/turns.js';
import { deviceError } from '../module/store-checks.js';
import { assertCanProfile, type Profile, profileCommands } from '../profile/profile.js';
import type { TensorData } from '../tensor/host-data.js';
import { faultyBuffer } from './bindings.js';
import { type Command, encodePass } from './commands.js';
import type { GivenInput } from './inputs.js';
import type { RunOptions } from './options.js';
import type { ParameterUse } from './parameter-check.js';
import type { PlanBuffers } from './plan-buffers.js';
import type { Readback } from './readback.js';

export const REPORT = 'This is a fault of infnet: please report it with the output of `infnet doctor`.';

export interface RunnerOptions {
  readonly context: Context;
  readonly buffers: PlanBuffers;
  readonly parameters: ParameterUse;
  /** What is computed again when parameters have changed. */
  readonly constants: readonly (readonly Command[])[];
  /** What every run submits, bounded in time. */
  readonly parts: readonly (readonly Command[])[];
  /** Throws when plan, context, arena or parameters are gone. */
  assertUsable(where: string): void;
}

type Faults = Promise<DeviceFault | undefined>[];

export class Runner {
  readonly #options: RunnerOptions;
  readonly #parts: readonly (readonly Command[])[];
  #constantsVersion = -1;

  constructor(options: RunnerOptions) {
    this.#options = options;
    // Copies of outputs need a submit even where nothing is computed.
    this.#parts = options.parts.length === 0 ? [[]] : options.parts;
  }

  /** Submits a run, or its first part and then one after the other; reads `names` back. */
  begin(
    inputs: readonly GivenInput[],
    names: readonly string[],
    { signal, onProgress }: Pick<RunOptions, 'signal' | 'onProgress'>,
  ): Begun<Record<string, TensorData>> {
    const { context, buffers } = this.#options;
    this.#assertReady('Plan.run');
    const total = this.#parts.length;
    assertNotAborted(signal, 0, total);
    const stepwise = total > 1 && (signal !== undefined || onProgress !== undefined);
    const { readbacks } = buffers;
    const submitFirst = (): Readback => {
      const readback = readbacks.take(names);
      buffers.write(inputs);
      this.#refreshConstants();
      for (let i = 0; i < (stepwise ? 1 : total); i++) this.#submit(i, readback);
      return readback;
    };
    const kinds: GPUErrorFilter[] = readbacks.isFree(names) ? ['validation'] : ['out-of-memory', 'validation'];
    const { value: readback, fault } = captureErrors(context.device, submitFirst, kinds);
    this.#markWritten();
    const faults: Faults = [fault];
    const over = stepwise ? this.#submitRest(readback, faults, { signal, onProgress }) : undefined;
    const report = onProgress && (() => onProgress({ phase: 'run', done: total, total }));
    return { over, result: this.#finish(over, readback, faults, report) };
  }

  /** Runs once with every dispatch timed. */
  beginProfile(inputs: readonly GivenInput[]): Begun<Profile> {
    const { context, buffers, parts } = this.#options;
    this.#assertReady('Plan.profile');
    assertCanProfile(context);
    const { fault } = captureErrors(context.device, () => {
      buffers.write(inputs);
      this.#refreshConstants();
    });
    const faults: Faults = [fault];
    const over = profileCommands(context, parts.flat(), faults).finally(() => this.#markWritten());
    return { over, result: this.#outcome(over, faults, 'Plan.profile') };
  }

  async #submitRest(
    readback: Readback,
    faults: Faults,
    { signal, onProgress }: Pick<RunOptions, 'signal' | 'onProgress'>,
  ): Promise<void> {
    const { context, parameters } = this.#options;
    const total = this.#parts.length;
    // Parameters move together or not at all, whatever a host's callback throws.
    const whole = parameters.stores.some(({ written }) => written.length > 0);
    const thrown: unknown[] = [];
    for (let done = 1; done < total; done++) {
      await context.watchdog.wait(context.device.queue.onSubmittedWorkDone());
      try {
        onProgress?.({ phase: 'run', done, total });
        if (!whole) assertNotAborted(signal, done, total);
      } catch (error) {
        if (!whole) throw error;
        thrown.push(error);
      }
      this.#assertReady('Plan.run');
      faults.push(captureErrors(context.device, () => this.#submit(done, readback)).fault);
    }
    this.#markWritten();
    if (thrown.length > 0) throw thrown[0];
  }

  async #finish(
    over: Promise<void> | undefined,
    readback: Readback,
    faults: Faults,
    report: (() => void) | undefined,
  ): Promise<Record<string, TensorData>> {
    const read = async (): Promise<Record<string, TensorData>> => {
      if (over !== undefined) await over;
      // All is asked for before anything is awaited.
      const waits = readback.names.length === 0 || report !== undefined;
      const done = waits ? this.#options.context.device.queue.onSubmittedWorkDone().then(report) : undefined;
      const [values] = await this.#options.context.watchdog.wait(Promise.all([readback.values(), done]));
      return values;
    };
    try {
      return await this.#outcome(read(), faults, 'Plan.run');
    } finally {
      readback.release();
    }
  }

  /** What a run gave, unless the device refused something: then what that was. */
  async #outcome<T>(result: Promise<T>, faults: Faults, where: string): Promise<T> {
    const [outcome] = await Promise.allSettled([result]);
    if (outcome.status === 'rejected' && outcome.reason instanceof InfnetError) throw outcome.reason;
    const fault = await firstFault(faults);
    if (outcome.status === 'fulfilled' && fault === undefined) return outcome.value;
    // A device or plan that is gone fails whatever was waiting for it; say that it is gone.
    this.#options.assertUsable(where);
    await this.#options.context.settleLoss();
    this.#options.assertUsable(where);
    if (fault === undefined) throw (outcome as PromiseRejectedResult).reason;
    this.#constantsVersion = -1;
    const { context, buffers } = this.#options;
    throw (await faultyBuffer(context.device, buffers.hostBuffers)) ?? deviceError('RUN_FAILED', fault, REPORT);
  }

  #refreshConstants(): void {
    const { constants, parameters } = this.#options;
    const version = parameters.stores.reduce((sum, { store }) => sum + store.version, 0);
    if (version === this.#constantsVersion) return;
    const { device } = this.#options.context;
    for (const part of constants) {
      const encoder = device.createCommandEncoder();
      encodePass(encoder, part);
      this.#send(encoder, part);
    }
    this.#constantsVersion = version;
  }

  /** Submits part `i` of a run; the last has copies of what was computed behind it. */
  #submit(i: number, readback: Readback): void {
    const { device } = this.#options.context;
    const part = this.#parts[i] as readonly Command[];
    const encoder = device.createCommandEncoder();
    if (part.length > 0) encodePass(encoder, part);
    if (i === this.#parts.length - 1) {
      this.#options.buffers.encodeCopies(encoder);
      readback.encode(encoder);
    }
    this.#send(encoder, part);
  }

  #send(encoder: GPUCommandEncoder, part: readonly Command[]): void {
    const { device, watchdog } = this.#options.context;
    device.queue.submit([encoder.finish()]);
    // The last one's end is what a run waits for; of those before it nobody else would hear.
    const isLast = part === this.#parts.at(-1);
    watchdog.submitted(part, isLast ? undefined : device.queue.onSubmittedWorkDone());
  }

  /** In the order of the submits: a plan that is submitted behind this one computes its constants again. */
  #markWritten(): void {
    for (const { store, written } of this.#options.parameters.stores) {
      if (written.length > 0) store.markChanged(written);
    }
  }

  #assertReady(where: string): void {
    const { parameters, assertUsable } = this.#options;
    assertUsable(where);
    for (const { store, read } of parameters.stores) store.assertInitialized(read, where);
  }
}

function assertNotAborted(signal: AbortSignal | undefined, done: number, total: number): void {
  if (!signal?.aborted) return;
  const message = `the run was stopped after ${done} of ${total} submits`;
  throw new InfnetError({ code: 'RUN_ABORTED', message, fix: 'Run again; nothing was read back.' });
}
