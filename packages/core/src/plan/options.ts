/** Options of planning and of running. */
import type { DeviceProfile } from '../context/device-profile.js';
import type { Precision } from '../context/precision.js';
import type { WrappedBuffer } from '../context/wrapped-buffer.js';
import type { ParameterStore } from '../module/parameter-store.js';
import type { BufferArena } from './arena.js';
import type { RunInputs } from './inputs.js';

export interface ScheduleOptions {
  readonly device?: DeviceProfile;
  /** Default `fast`; see `Precision`. */
  readonly precision?: Precision;
  /** Whether parameters change between runs (training). Default false: what follows from them is computed once. */
  readonly liveParameters?: boolean;
  /** Set false to plan every node by itself, for tests that compare. Default true. */
  readonly fusion?: boolean;
  /** Names of inputs and outputs whose memory somebody else provides. */
  readonly external?: ReadonlySet<string>;
}

export interface PlanProgress {
  readonly phase: 'compile' | 'run';
  readonly done: number;
  readonly total: number;
}

export interface PlanOptions extends Omit<ScheduleOptions, 'device' | 'external'> {
  /** Values of the parameters that the traced function uses: one store, or several (a net's and an optimiser's). */
  readonly parameters?: ParameterStore | readonly ParameterStore[];
  /**
   * Inputs and outputs that lie in buffers of yours (`context.wrapBuffer`), by name: bound as they are, never copied.
   */
  readonly bind?: Readonly<Record<string, WrappedBuffer>>;
  /** Memory that several plans share, for those that never run at the same time. Default: memory of its own. */
  readonly arena?: BufferArena;
  /**
   * Bytes that the plan may take altogether. Default: no limit but the device's. A run that is called while others are
   * being read takes one more copy of what it reads; it waits for one of theirs where that would be over the budget.
   */
  readonly memoryBudget?: number;
  /** Longest estimated time of one submit, in seconds, so that no driver resets the device. Default 0.5. */
  readonly maxSubmitSeconds?: number;
  /** Choices of algorithms by key, in place of the context's (`context.useTuning`). */
  readonly tuning?: Readonly<Record<string, string>>;
  /** Pipelines compiled so far. */
  readonly onProgress?: (progress: PlanProgress) => void;
  /**
   * Gets the line that says that `half` is not to be had here and `fast` is taken (or subgroup matrices are not used).
   * Default: `console.error`.
   */
  readonly onMessage?: (line: string) => void;
}

export interface RunOptions {
  /** Names of the outputs to read back. Default: all that are not bound to buffers of yours. */
  readonly read?: readonly string[];
  /** Stops between two submits; a run that changes parameters, which must change together, only before the first. */
  readonly signal?: AbortSignal;
  /** Submits done so far. */
  readonly onProgress?: (progress: PlanProgress) => void;
  /**
   * Inputs that are known only later (when the step before has reported). The run takes its place in the order of the
   * calls now, waits for `until` if that is given, and asks for them right before it is submitted. What `inputs`
   * submits itself comes before the run.
   */
  readonly later?: { readonly until?: Promise<unknown> | undefined; readonly inputs: () => RunInputs };
}

/** Options of `schedule` and of `preparePlan`, which hands on all of its own. */
const OPTIONS: Readonly<Record<keyof ScheduleOptions | keyof PlanOptions, true>> = {
  device: true,
  precision: true,
  liveParameters: true,
  fusion: true,
  external: true,
  parameters: true,
  bind: true,
  arena: true,
  memoryBudget: true,
  maxSubmitSeconds: true,
  tuning: true,
  onProgress: true,
  onMessage: true,
};
export const PLAN_OPTIONS: readonly string[] = Object.keys(OPTIONS);
