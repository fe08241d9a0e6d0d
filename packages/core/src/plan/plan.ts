/**
 * A plan: a schedule with its buffers, pipelines and bind groups on a device. Preparing one is asynchronous and shows
 * progress; running one writes inputs, encodes, submits and reads what was asked for, and allocates nothing on the GPU.
 */
import { InfnetError } from '@infnet/errors';
import type { Context, WrappedBuffer } from '../context/context.js';
import type { Graph } from '../graph/graph.js';
import type { Precision } from '../graph/operator.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { type Profile, profileCommands } from '../profile/profile.js';
import type { BufferArena } from './arena.js';
import { type Command, createCommand, createUniforms, encodePass, splitByTime } from './commands.js';
import { assertFits } from './fit.js';
import type { Pipeline } from './pipelines.js';
import { PlanBuffers, type RunInputs, type TensorData } from './plan-buffers.js';
import { faultOfProbes } from './probes.js';
import { schedule as makeSchedule, type Schedule, type ScheduledDispatch, type ScheduleOptions } from './schedule.js';

export interface PlanProgress {
  readonly phase: 'compile' | 'run';
  readonly done: number;
  readonly total: number;
}

export interface PlanOptions extends Omit<ScheduleOptions, 'device' | 'external'> {
  /** Values of the parameters that the traced function uses: one store, or several (a net's and an optimiser's). */
  readonly parameters?: ParameterStore | readonly ParameterStore[];
  /** Inputs and outputs that lie in buffers of yours (`context.wrapBuffer`), by name: bound as they are, never copied. */
  readonly bind?: Readonly<Record<string, WrappedBuffer>>;
  /** Memory that several plans share, for those that never run at the same time. Default: memory of its own. */
  readonly arena?: BufferArena;
  /** Bytes that the plan may take altogether. Default: no limit but the device's. */
  readonly memoryBudget?: number;
  /** Longest estimated time of one submit, in seconds, so that no driver resets the device. Default 0.5. */
  readonly maxSubmitSeconds?: number;
  /** Choices of algorithms by key, in place of the context's (`context.useTuning`). */
  readonly tuning?: Readonly<Record<string, string>>;
  /** Pipelines compiled so far. */
  readonly onProgress?: (progress: PlanProgress) => void;
  /** Gets the line that says that `half` is not to be had here and `fast` is taken (or subgroup matrices are not used). Default: `console.error`. */
  readonly onMessage?: (line: string) => void;
}

export interface RunOptions {
  /** Names of the outputs to read back. Default: all that are not bound to buffers of yours. */
  readonly read?: readonly string[];
  /** Stops between two submits. */
  readonly signal?: AbortSignal;
  /** Submits done so far. */
  readonly onProgress?: (progress: PlanProgress) => void;
}

/**
 * Plans a traced graph and prepares it on a device.
 *
 * @throws InfnetError `MEMORY_LIMIT`, `MEMORY_BUDGET` before anything is allocated; `MEMORY_DEVICE` when the device runs
 * out of memory; `KERNEL_COMPILE`; `PARAMETER_UNKNOWN`; `PLAN_PARAMETERS` when the graph has parameters and none are given.
 */
export async function preparePlan(context: Context, graph: Graph, options: PlanOptions = {}): Promise<Plan> {
  context.assertAlive('preparePlan');
  const external = new Set(Object.keys(options.bind ?? {}));
  const device = options.tuning === undefined ? context.profile : { ...context.profile, tuning: options.tuning };
  const schedule = await scheduleFor(context, graph, { ...options, device, external });
  assertFits(schedule, context.profile.limits, options.memoryBudget);
  if (schedule.parameters.size > 0 && options.parameters === undefined) {
    throw new InfnetError({
      code: 'PLAN_PARAMETERS',
      message: `the traced function uses ${schedule.parameters.size} parameters, but no values were given`,
      fix: 'Pass { parameters: new ParameterStore(context, module) } and load or initialize it.',
    });
  }
  const plan = new Plan(context, schedule, options);
  try {
    await plan.prepare();
  } catch (error) {
    plan.dispose();
    if (!(error instanceof InfnetError)) context.assertAlive('preparePlan');
    throw error;
  }
  return plan;
}

/**
 * The schedule, at `fast` in place of `half` where the device cannot do that or does it wrongly; before that, without subgroup
 * matrices where it was opened with them.
 */
async function scheduleFor(context: Context, graph: Graph, options: PlanOptions & ScheduleOptions): Promise<Schedule> {
  const schedule = makeSchedule(graph, options);
  if (options.precision !== 'half') return schedule;
  const fault = context.profile.hasF16
    ? await faultOfProbes(context, schedule.nodes, (...probe) => runOnce(context, ...probe))
    : 'the device has no shader-f16';
  if (fault === undefined) return schedule;
  const say = options.onMessage ?? ((line: string) => console.error(line));
  const { subgroupMatrix, ...device } = options.device ?? context.profile;
  if (subgroupMatrix !== undefined) {
    say(`infnet: subgroup matrices (experimental) are not used: ${fault}`);
    return scheduleFor(context, graph, { ...options, device });
  }
  say(`infnet: precision half is not to be had here, fast is taken: ${fault}`);
  return makeSchedule(graph, { ...options, precision: 'fast' });
}

async function runOnce(context: Context, graph: Graph, inputs: RunInputs): Promise<Record<string, TensorData>> {
  const plan = await preparePlan(context, graph, { precision: 'fast' });
  try {
    return await plan.run(inputs);
  } finally {
    plan.dispose();
  }
}

export class Plan {
  readonly schedule: Schedule;
  readonly #context: Context;
  readonly #options: PlanOptions;
  readonly #stores: readonly ParameterStore[];
  readonly #buffers: PlanBuffers;
  #constantCommands: Command[][] = [];
  #commands: Command[][] = [];
  #constantsVersion = -1;
  #disposed = false;
  #last: Promise<unknown> = Promise.resolve();

  /** Use `preparePlan`. */
  constructor(context: Context, schedule: Schedule, options: PlanOptions) {
    this.#context = context;
    this.schedule = schedule;
    this.#options = options;
    this.#stores = [options.parameters ?? []].flat();
    this.#buffers = new PlanBuffers(context, schedule, {
      stores: this.#stores,
      bind: options.bind ?? {},
      arena: options.arena,
    });
    context.adopt(this);
  }

  /** What it computes with: `fast` where `half` was asked for and is not to be had. */
  get precision(): Precision {
    return this.schedule.precision;
  }

  /** Memory figures, in bytes. */
  get memory(): Schedule['memory'] {
    return this.schedule.memory;
  }

  /** Number of submits of one run. */
  get submitCount(): number {
    return this.#commands.length;
  }

  /** Called by `preparePlan`. */
  async prepare(): Promise<void> {
    const { device } = this.#context;
    const { constantDispatches, dispatches } = this.schedule;
    // Compiled first, because a shader's errors come back by themselves and compiling takes long.
    const pipelines = await this.#compile([...constantDispatches, ...dispatches]);
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const failure = attempt(() => {
      this.#buffers.place();
      const commands = this.#bind([...constantDispatches, ...dispatches], pipelines);
      const limit = this.#options.maxSubmitSeconds ?? 0.5;
      this.#constantCommands = splitByTime(commands.slice(0, constantDispatches.length), limit);
      this.#commands = splitByTime(commands.slice(constantDispatches.length), limit);
    });
    const validation = await device.popErrorScope();
    const memory = await device.popErrorScope();
    this.#context.assertAlive('preparePlan');
    if (failure !== undefined) throw failure.error;
    if (memory !== null) throw deviceError('MEMORY_DEVICE', memory, 'Use a smaller batch or image size.');
    if (validation !== null) throw deviceError('PLAN_INVALID', validation, REPORT);
  }

  /**
   * Runs the plan. Calls wait for each other.
   *
   * @throws InfnetError `CONTEXT_LOST`, `CONTEXT_DISPOSED`, `PLAN_DISPOSED`, `PLAN_INPUT` (missing, surplus or of the wrong
   * length), `RUN_ABORTED`, `RUN_FAILED`.
   */
  run(inputs: RunInputs = {}, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    return this.#exclusive(async () => {
      this.#buffers.write(inputs);
      this.#refreshConstants();
      await this.#submitAll(options);
      if (this.schedule.graph.updates.size > 0) for (const store of this.#stores) store.markChanged();
      return this.#buffers.read(options.read);
    });
  }

  /** Runs the plan once with every dispatch timed. Slower than `run`; needs the device feature `timestamp-query`. */
  profile(inputs: RunInputs = {}): Promise<Profile> {
    return this.#exclusive(async () => {
      this.#buffers.write(inputs);
      this.#refreshConstants();
      return profileCommands(this.#context, this.#commands.flat());
    });
  }

  /** Frees all buffers of the plan. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#buffers.destroy();
    this.#context.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #compile(dispatches: readonly ScheduledDispatch[]): Promise<Pipeline[]> {
    const pipelines = dispatches.map((dispatch) => this.#context.pipelines.get(dispatch));
    const distinct = [...new Set(pipelines)];
    let done = 0;
    const report = (): void => this.#options.onProgress?.({ phase: 'compile', done, total: distinct.length });
    report();
    await Promise.all(distinct.map((pipeline) => pipeline.then(() => ++done).then(report)));
    return Promise.all(pipelines);
  }

  #bind(dispatches: readonly ScheduledDispatch[], pipelines: readonly Pipeline[]): Command[] {
    const uniforms = createUniforms(this.#context, dispatches, pipelines);
    this.#buffers.own(uniforms.buffer);
    return dispatches.map((dispatch, i) => {
      const uniform = { buffer: uniforms.buffer, offset: uniforms.offsets[i] as number };
      return createCommand(this.#context, dispatch, pipelines[i] as Pipeline, uniform, (s) => this.#buffers.range(s));
    });
  }

  #refreshConstants(): void {
    const version = this.#stores.reduce((sum, store) => sum + store.version, 0);
    if (version === this.#constantsVersion) return;
    for (const part of this.#constantCommands) this.#submit(part);
    this.#constantsVersion = version;
  }

  async #submitAll({ signal, onProgress }: RunOptions): Promise<void> {
    const total = this.#commands.length;
    for (const [done, part] of this.#commands.entries()) {
      if (signal?.aborted) {
        const message = `the run was stopped after ${done} of ${total} submits`;
        throw new InfnetError({ code: 'RUN_ABORTED', message, fix: 'Run again; nothing was read back.' });
      }
      this.#submit(part);
      if (signal === undefined && onProgress === undefined) continue;
      await this.#context.device.queue.onSubmittedWorkDone();
      onProgress?.({ phase: 'run', done: done + 1, total });
    }
  }

  #submit(commands: readonly Command[]): void {
    const encoder = this.#context.device.createCommandEncoder();
    encodePass(encoder, commands);
    this.#context.device.queue.submit([encoder.finish()]);
  }

  /** One run at a time: they share inputs and intermediates. */
  #exclusive<T>(body: () => Promise<T>): Promise<T> {
    const guarded = async (): Promise<T> => {
      this.#context.assertAlive('Plan.run');
      if (this.#disposed) {
        throw new InfnetError({ code: 'PLAN_DISPOSED', message: 'the plan was disposed', where: 'Plan.run' });
      }
      for (const store of this.#stores) store.assertUsable('Plan.run');
      const { device } = this.#context;
      device.pushErrorScope('validation');
      const [outcome] = await Promise.allSettled([body()]);
      const invalid = await device.popErrorScope().catch(() => null);
      if (outcome.status === 'rejected') {
        // A lost device rejects whatever was waiting for it; say that it was lost.
        if (!(outcome.reason instanceof InfnetError)) this.#context.assertAlive('Plan.run');
        throw outcome.reason;
      }
      if (invalid !== null) throw deviceError('RUN_FAILED', invalid, REPORT);
      return outcome.value;
    };
    const result = this.#last.then(guarded, guarded);
    this.#last = result.catch(() => {});
    return result;
  }
}

const REPORT = 'This is a fault of infnet: please report it with the output of `infnet doctor`.';

function deviceError(code: string, error: GPUError, fix: string): InfnetError {
  return new InfnetError({ code, message: error.message, fix, cause: error });
}

/** Runs something that must not skip what follows; returns what it threw. */
function attempt(body: () => void): { readonly error: unknown } | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    return { error };
  }
}
