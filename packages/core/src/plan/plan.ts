/**
 * A plan: a schedule with its buffers, pipelines and bind groups on a device. Preparing one is asynchronous and shows
 * progress; running one writes inputs, encodes, submits and reads what was asked for, and allocates nothing on the GPU.
 *
 * A run is submitted before `run` returns its promise. The device may be lent by a host that draws the results in
 * the same frame, and the host's own mistakes must reach the host: so everything that a run does on the device is one
 * synchronous block (see capture.ts).
 */

import { InfnetError } from '@infnet/errors';
import { captureErrors, firstFault } from '../context/capture.js';
import type { Context } from '../context/context.js';
import type { Pipeline } from '../context/pipelines.js';
import type { Precision } from '../context/precision.js';
import { type Begun, type Turn, Turns, takeTurn } from '../context/turns.js';
import type { Graph } from '../graph/graph.js';
import type { Storage } from '../graph/operator.js';
import { checkNames } from '../kernel/options.js';
import { deviceError } from '../module/store-checks.js';
import type { Profile } from '../profile/profile.js';
import type { TensorData } from '../tensor/host-data.js';
import { assertSeparate, faultyBuffer } from './bindings.js';
import { type BufferRange, type Command, createCommand, createUniforms, splitByTime } from './commands.js';
import { assertFits, assertRoom } from './fit.js';
import { copyInputs, type GivenInput, type RunInputs } from './inputs.js';
import type { ScheduledDispatch } from './lowering.js';
import { PLAN_OPTIONS, type PlanOptions, type RunOptions, type ScheduleOptions } from './options.js';
import { ParameterUse } from './parameter-check.js';
import { PlanBuffers } from './plan-buffers.js';
import { faultOfProbes } from './probes.js';
import { REPORT, Runner } from './runner.js';
import { schedule as makeSchedule, type Schedule } from './schedule.js';

/**
 * Plans a traced graph and prepares it on a device.
 *
 * @throws InfnetError `MEMORY_LIMIT`, `MEMORY_BUDGET`, `MEMORY_FREE` before anything is allocated; `MEMORY_DEVICE` when
 *   the device runs out of memory; `KERNEL_COMPILE`; `PLAN_PARAMETERS` when the graph has parameters and no store of
 *     this device
 *   is given, `PARAMETER_UNKNOWN`, `PARAMETER_AMBIGUOUS` when parameters are in none or several of them; `BUFFER_...`
 *   for what is wrong with a bound buffer; `PLAN_OPTION`, `ARENA_...`.
 */
export async function preparePlan(context: Context, graph: Graph, options: PlanOptions = {}): Promise<Plan> {
  context.assertAlive('preparePlan');
  checkNames('preparePlan', options, PLAN_OPTIONS);
  checkOptions(context, options);
  const external = new Set(Object.keys(options.bind ?? {}));
  const device = options.tuning === undefined ? context.profile : { ...context.profile, tuning: options.tuning };
  const schedule = await scheduleFor(context, graph, { ...options, device, external });
  assertFits(schedule, context.profile.limits, options.memoryBudget);
  assertRoom(context, schedule, options.arena);
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
 * @throws InfnetError `PLAN_OPTION` for a number that is none, `ARENA_DISPOSED`, `ARENA_DEVICE` for an arena of another
 *   device.
 */
function checkOptions(context: Context, { arena, ...options }: PlanOptions): void {
  for (const name of ['memoryBudget', 'maxSubmitSeconds'] as const) {
    const value = options[name];
    if (value === undefined || value >= 0) continue;
    throw new InfnetError({
      code: 'PLAN_OPTION',
      message: `${name} is ${value}; it must be at least 0`,
      where: 'preparePlan',
    });
  }
  arena?.assertUsable('preparePlan');
  if (arena === undefined || arena.context.device === context.device) return;
  throw new InfnetError({
    code: 'ARENA_DEVICE',
    message: 'the arena lies on another device than the plan',
    where: 'preparePlan',
    fix: 'Make the arena on the context of the plan.',
  });
}

/**
 * The schedule, at `fast` in place of `half` where the device cannot do that or does it wrongly; before that, without
 * subgroup matrices where it was opened with them.
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
  readonly #parameters: ParameterUse;
  readonly #buffers: PlanBuffers;
  /** Where the runs of this plan wait for others that are submitted part by part. */
  readonly #turns: readonly Turn[];
  #runner: Runner | undefined;
  #submits = 0;
  #disposed = false;

  /** Use `preparePlan`. */
  constructor(context: Context, schedule: Schedule, options: PlanOptions) {
    this.#context = context;
    this.schedule = schedule;
    this.#options = options;
    const { parameters, bind = {}, arena, memoryBudget } = options;
    this.#parameters = new ParameterUse(context, schedule, [parameters ?? []].flat());
    const storeOf = this.#parameters.storeOf.bind(this.#parameters);
    this.#buffers = new PlanBuffers(context, schedule, { storeOf, bind, arena, memoryBudget });
    this.#turns = [
      { turns: new Turns(), shared: false },
      ...(arena === undefined ? [] : [{ turns: arena.turns, shared: false }]),
      ...this.#parameters.stores.map(({ store, written }) => ({ turns: store.turns, shared: written.length === 0 })),
    ];
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
    return this.#submits;
  }

  /** Called by `preparePlan`. */
  async prepare(): Promise<void> {
    const { device } = this.#context;
    const { constantDispatches, dispatches } = this.schedule;
    // Compiled first, because a shader's errors come back by themselves and compiling takes long.
    const pipelines = await this.#compile([...constantDispatches, ...dispatches]);
    this.#assertUsable('preparePlan');
    const place = (): Command[] => {
      this.#buffers.place();
      return this.#bind([...constantDispatches, ...dispatches], pipelines);
    };
    const { value: commands, fault } = captureErrors(device, place, ['out-of-memory', 'validation']);
    const stores = this.#parameters.stores.map(({ store }) => store.deviceFault());
    const [buffer, failed] = await Promise.all([
      faultyBuffer(device, this.#buffers.hostBuffers, { ignoreMapped: true }),
      firstFault([...stores, fault]),
    ]);
    this.#assertUsable('preparePlan');
    if (buffer !== undefined) throw buffer;
    if (failed !== undefined) throw deviceError('PLAN_INVALID', failed, REPORT);
    const limit = this.#options.maxSubmitSeconds ?? 0.5;
    const parts = splitByTime(commands.slice(constantDispatches.length), limit);
    this.#submits = parts.length;
    this.#runner = new Runner({
      context: this.#context,
      buffers: this.#buffers,
      parameters: this.#parameters,
      constants: splitByTime(commands.slice(0, constantDispatches.length), limit),
      parts,
      assertUsable: (where) => this.#assertUsable(where),
    });
  }

  /**
   * Runs the plan. Its work is in the queue, and inputs are copied, when this returns its promise: calls need not be
   * awaited in between, and are computed in their order. What is submitted part by part (`signal`, `onProgress`) keeps
   * those waiting that use the same plan, arena or parameters; their inputs are copied at the call all the same.
   *
   * @throws InfnetError (the promise rejects) `CONTEXT_LOST`, `CONTEXT_DISPOSED`, `PLAN_DISPOSED`, `PLAN_INPUT`
   *   (missing, surplus or of the wrong length), `PLAN_OUTPUT`, `PARAMETER_UNINITIALIZED`, `PARAMETER_DISPOSED`,
   *   `BUFFER_DESTROYED`, `BUFFER_MAPPED`, `RUN_ABORTED`, `RUN_FAILED`.
   */
  async run(inputs: RunInputs = {}, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    this.#assertUsable('Plan.run');
    checkNames('Plan.run', options, ['read', 'signal', 'onProgress', 'later']);
    const { readbacks } = this.#buffers;
    const names = readbacks.names(options.read);
    const { later, signal, onProgress } = options;
    const given = this.#inputsOf(inputs, later);
    return takeTurn(this.#turns, () => (this.#runner as Runner).begin(given.checked(), names, { signal, onProgress }), {
      until: later?.until,
      room: () => readbacks.room(names),
      keep: given.keep,
    });
  }

  /**
   * Runs the plan once with every dispatch timed. Slower than `run`; needs the device feature `timestamp-query`. Has
   * its turn among the runs, and copies inputs, as `run`.
   */
  async profile(inputs: RunInputs = {}, options: Pick<RunOptions, 'later'> = {}): Promise<Profile> {
    checkNames('Plan.profile', options, ['later']);
    const { later } = options;
    this.#assertUsable('Plan.profile');
    const { checked, keep } = this.#inputsOf(inputs, later);
    const begin = (): Begun<Profile> => (this.#runner as Runner).beginProfile(checked());
    return takeTurn(this.#turns, begin, { until: later?.until, keep });
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

  /** What a run begins with: checked at the call, or in its turn where some are known only then. */
  #inputsOf(inputs: RunInputs, later: RunOptions['later']): { keep(): void; checked(): readonly GivenInput[] } {
    let given = later === undefined ? this.#buffers.check(inputs) : undefined;
    let copies = inputs;
    return {
      keep: () => {
        copies = copyInputs(inputs);
        given = undefined;
      },
      checked: () => given ?? this.#buffers.check({ ...copies, ...later?.inputs() }),
    };
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
    const rangeOf = (storage: Storage): BufferRange => this.#buffers.range(storage);
    for (const [i, dispatch] of dispatches.entries()) assertSeparate(dispatch, pipelines[i] as Pipeline, rangeOf);
    const uniforms = createUniforms(this.#context, dispatches, pipelines);
    this.#buffers.own(uniforms.buffer);
    return dispatches.map((dispatch, i) => {
      const uniform = { buffer: uniforms.buffer, offset: uniforms.offsets[i] as number };
      return createCommand(this.#context, dispatch, pipelines[i] as Pipeline, uniform, rangeOf);
    });
  }

  #assertUsable(where: string): void {
    this.#context.assertAlive(where);
    if (this.#disposed) throw new InfnetError({ code: 'PLAN_DISPOSED', message: 'the plan was disposed', where });
    this.#options.arena?.assertUsable(where);
    for (const { store } of this.#parameters.stores) store.assertUsable(where);
  }
}
