/**
 * Optimisers: which parameters are trained, what is remembered of each between steps, and the kernel that moves them.
 *
 * The state lies in a parameter store of its own, under PyTorch's names (`exp_avg.<parameter>`), so that it is saved
 * and loaded like parameters. Two moments of a parameter lie at the same place of different buffers, because a kernel
 * binds each buffer for writing once. Buffers of WebGPU start as zeros, and so does the state.
 */
import {
  type Context,
  checkNames,
  type Dispatch,
  elementCount,
  InfnetError,
  operandAt,
  Parameter,
  type ParameterSlab,
  ParameterStore,
  type StateDict,
} from '@infnet/core';
import type { Kernel } from '@infnet/core/kernels';
import { type NumberRange, numberProblems } from '../numbers.js';
import type { LineLayout } from './lines.js';
import type { UpdateOperands } from './operators.js';
import type { StepNumbers } from './records.js';
import type { SegmentGroup } from './segments.js';
import { type BoundAfter, StateBounds } from './state-bounds.js';
import { StepTurns } from './step-turns.js';

/** What is special about one parameter. */
export interface ParameterSettings {
  /** Keep it as it is: no gradient is computed for it. Default false. */
  readonly frozen?: boolean;
  /** Factor of the learning rate, at least 0. Default 1. */
  readonly learningRate?: number;
  /** Instead of the optimiser's. */
  readonly weightDecay?: number;
}

/** Settings that a state depends on, by name. */
export type OptimizerSettings = Readonly<Record<string, number>>;

export interface OptimizerOptions {
  /** Default 0. */
  readonly weightDecay?: number;
  /** Settings of single parameters by their `state_dict` key. Default: none. */
  readonly settings?: (name: string) => ParameterSettings | undefined;
}

/** What a subclass says of its kernel. */
export interface OptimizerKernel {
  readonly kernel: Kernel;
  readonly constants: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  /** Binding names of the moments, and their names in the state: at most two. */
  readonly moments: readonly { readonly binding: string; readonly name: string }[];
  readonly flopsEach: number;
  /** How a step whose new values are not all finite is found before anything is stored. Default: nobody looks. */
  readonly check?: OptimizerCheck;
  /** Settings without which the state means something else; compared when a state is loaded. Default: none. */
  readonly settings?: OptimizerSettings;
}

export interface OptimizerCheck {
  /**
   * The same text, which then knows the constant CHECK: 1 changes nothing and tells how large new values would be (see
   * adam.wgsl). It runs first, and ends at once where the bounds say that the step is harmless.
   */
  readonly kernel: Kernel;
  readonly bound: BoundAfter;
}

/** What an optimiser remembers, as plain data. */
export interface OptimizerState {
  readonly name: string;
  /** Steps taken. */
  readonly steps: number;
  readonly moments: StateDict;
  /** `OptimizerKernel.settings`; absent in states of versions that did not keep them. */
  readonly settings?: OptimizerSettings;
}

export abstract class Optimizer {
  abstract readonly name: string;
  /** The net's parameters. */
  readonly parameters: ParameterStore;
  /** Parameters that are trained, in their order. */
  readonly trained: readonly Parameter[];
  /** Moments of the trained parameters. */
  readonly store: ParameterStore;
  /** Steps taken. Adam's correction of its first moments depends on it. */
  steps = 0;
  readonly options: OptimizerOptions;
  readonly spec: OptimizerKernel;
  /** Keeps its steps apart, and takes void ones back. For training steps. */
  readonly turns: StepTurns;
  /** How large parameters and moments are at most; none for an optimiser that does not look. For training steps. */
  readonly bounds: StateBounds | undefined;
  /** Largest weight decay, and factor of the learning rate, of any trained parameter. */
  readonly largest: { readonly decay: number; readonly rateFactor: number };
  readonly #settings: ReadonlyMap<string, ParameterSettings>;
  readonly #moments: readonly ReadonlyMap<Parameter, Parameter>[];
  #sums: ParameterStore | undefined;

  /** @throws InfnetError `OPTIMIZER_OPTION`, `OPTIMIZER_NOTHING` when no parameter is left to train. */
  protected constructor(parameters: ParameterStore, options: OptimizerOptions, spec: OptimizerKernel) {
    this.parameters = parameters;
    this.options = options;
    this.spec = spec;
    const trainable = parameters.parameters.filter(({ role }) => role === 'parameter');
    this.#settings = new Map(trainable.map(({ name }) => [name, options.settings?.(name) ?? {}]));
    checkSettings(this.#settings);
    this.trained = trainable.filter(({ name }) => this.#settings.get(name)?.frozen !== true);
    if (this.trained.length === 0) {
      throw new InfnetError({
        code: 'OPTIMIZER_NOTHING',
        message: `none of ${trainable.length} parameters is trained`,
        fix: 'Freeze fewer parameters.',
      });
    }
    const roles = ['parameter', 'buffer'] as const;
    this.#moments = spec.moments.map(({ name }, i) => {
      const made = this.trained.map((parameter) => {
        const moment = new Parameter(parameter.shape, { role: roles[i] as Parameter['role'] });
        moment.name = `${name}.${parameter.name}`;
        return [parameter, moment] as const;
      });
      return new Map(made);
    });
    const moments = this.#moments.flatMap((byParameter) => [...byParameter.values()]);
    this.store = new ParameterStore(parameters.context, moments, { values: 'zeros' });
    this.turns = new StepTurns(parameters);
    this.largest = {
      decay: this.trained.reduce((most, parameter) => Math.max(most, this.weightDecayOf(parameter)), 0),
      rateFactor: this.trained.reduce((most, parameter) => Math.max(most, this.learningRateOf(parameter)), 0),
    };
    const written = [parameters, this.store].filter(({ slabs }) => slabs.length > 0);
    this.bounds = spec.check && new StateBounds(written, spec.check.bound);
  }

  get context(): Context {
    return this.parameters.context;
  }

  /** Bytes of the state. */
  get bytes(): number {
    return this.store.bytes + (this.#sums?.bytes ?? 0) + this.turns.bytes;
  }

  /** The slabs of a step: the net's parameters, then each moment's. */
  get slabs(): readonly ParameterSlab[] {
    return [...this.#parameterSlabs, ...this.store.slabs];
  }

  get #parameterSlabs(): readonly ParameterSlab[] {
    return this.parameters.slabs.filter(({ role }) => role === 'parameter');
  }

  /** First moment of a parameter, or undefined without momentum. */
  momentOf(parameter: Parameter): Parameter | undefined {
    return this.#moments[0]?.get(parameter);
  }

  weightDecayOf({ name }: Parameter): number {
    return this.#settings.get(name)?.weightDecay ?? this.options.weightDecay ?? 0;
  }

  learningRateOf({ name }: Parameter): number {
    return this.#settings.get(name)?.learningRate ?? 1;
  }

  /** The numbers of the next step that only the optimiser knows. */
  abstract numbers(): Pick<StepNumbers, 'unbias1' | 'unbias2'>;

  /**
   * The dispatch that moves the parameters of a group of segments; with `largest` it only looks at what would become of
   * them.
   */
  dispatch(group: SegmentGroup, { segments, numbers, control, slabs, lines, largest }: UpdateOperands): Dispatch {
    const { kernel, constants, params, moments, flopsEach } = this.spec;
    const first = this.#parameterSlabs.length;
    const perMoment = (slabs.length - first) / Math.max(1, moments.length);
    const states = moments.map(({ binding }, i) => [binding, operandAt(slabs, first + i * perMoment + group.state)]);
    const g = operandAt(lines, group.line);
    const { check } = this.spec;
    const groups = largest?.groups ?? group.workgroups;
    return {
      kernel: largest === undefined ? kernel : (check?.kernel ?? kernel),
      constants: check === undefined ? constants : { ...constants, CHECK: Number(largest !== undefined) },
      params: {
        ...params,
        ...(largest ? { largestOffset: largest.offset } : undefined),
        gOffset: g.offset,
        numbersOffset: numbers.offset,
        controlOffset: control.offset,
        firstSegment: group.first,
        groups,
      },
      workgroups: [groups, group.count, 1],
      flops: flopsEach * group.values,
      bytes: 4 * group.values * (3 + 2 * moments.length),
      operands: {
        p: operandAt(slabs, group.slab),
        g,
        segments,
        numbers,
        control,
        ...Object.fromEntries(states),
        ...(largest === undefined ? {} : { largest: largest.view }),
      },
    };
  }

  /** Parameters that hold sums of gradients over several batches; the same ones for equal layouts. */
  sumsFor(layout: LineLayout): { readonly store: ParameterStore; readonly sums: readonly Parameter[] } {
    const lengths = layout.lengths;
    if (this.#sums === undefined) {
      const made = lengths.map((length, i) => {
        const sum = new Parameter([length], { role: 'buffer' });
        sum.name = `gradients.${i}`;
        return sum;
      });
      this.#sums = new ParameterStore(this.context, made, { values: 'zeros' });
    }
    const sums = this.#sums.parameters;
    if (sums.length === lengths.length && sums.every(({ shape }, i) => elementCount(shape) === lengths[i])) {
      return { store: this.#sums, sums };
    }
    throw new InfnetError({
      code: 'OPTIMIZER_LAYOUT',
      message: 'two training steps that accumulate with one optimiser give gradients of different parameters',
      fix: 'Trace the same net with the same frozen parameters in all steps, or give each step an optimiser of its own.',
    });
  }

  /** What was remembered so far, for a checkpoint. Together with the parameters it continues bit by bit. */
  async state(): Promise<OptimizerState> {
    const { settings } = this.spec;
    // Read in the order of the calls; the steps up to here are counted when the last of them has reported.
    const [before, moments] = [this.turns.last, this.store.read()];
    const [steps, read] = await Promise.all([Promise.resolve(before).then(() => this.steps), moments]);
    return { name: this.name, steps, moments: read, ...(settings === undefined ? {} : { settings }) };
  }

  /**
   * @throws InfnetError `OPTIMIZER_STATE` for a state of another optimiser, of other settings that it depends on, or of
   *   other trained parameters. Nothing is loaded then.
   */
  load(state: OptimizerState): void {
    const problem = this.#differenceFrom(state);
    if (problem !== undefined) {
      throw new InfnetError({
        code: 'OPTIMIZER_STATE',
        message: `the state does not fit the optimiser: ${problem}`,
        fix: 'Go on with the same optimiser, settings and frozen parameters, or start with fresh state.',
      });
    }
    this.store.load(state.moments);
    this.steps = state.steps;
  }

  #differenceFrom({ name, steps, moments, settings = {} }: OptimizerState): string | undefined {
    if (name !== this.name) return `it is that of ${name}, not of ${this.name}`;
    if (!(Number.isSafeInteger(steps) && steps >= 0)) return `it has taken ${steps} steps`;
    const now = this.spec.settings ?? {};
    const other = Object.keys(settings).filter((key) => now[key] !== undefined && now[key] !== settings[key]);
    if (other.length > 0) return other.map((key) => `${key} was ${settings[key]}, is ${now[key]}`).join('; ');
    const here = new Set(this.store.parameters.map((moment) => moment.name));
    const missing = [...here].filter((moment) => !moments.has(moment));
    const surplus = [...moments.keys()].filter((moment) => !here.has(moment));
    if (missing.length > 0) return `it lacks ${listed(missing)} (the parameter was frozen, or there was no momentum)`;
    if (surplus.length > 0) return `it has ${listed(surplus)} (the parameter is frozen now, or there is no momentum)`;
    return undefined;
  }

  dispose(): void {
    this.turns.dispose();
    this.#sums?.dispose();
    this.store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
}

function checkSettings(settings: ReadonlyMap<string, ParameterSettings>): void {
  for (const [name, each] of settings)
    checkNames(`settings("${name}")`, each, ['frozen', 'learningRate', 'weightDecay']);
  const ranges = [...settings].flatMap(([name, { learningRate = 1, weightDecay = 0 }]) => [
    [`settings("${name}").learningRate`, { value: learningRate, least: 0 }] as const,
    [`settings("${name}").weightDecay`, { value: weightDecay, least: 0 }] as const,
  ]);
  checkNumbers(Object.fromEntries(ranges));
}

/** @throws InfnetError `OPTIMIZER_OPTION` unless every value lies in its range. */
export function checkNumbers(ranges: Readonly<Record<string, NumberRange>>): void {
  const problems = numberProblems(ranges);
  if (problems.length === 0) return;
  const shown = problems.slice(0, 5).join('; ');
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  throw new InfnetError({ code: 'OPTIMIZER_OPTION', message: shown + more });
}
