/**
 * Optimisers: which parameters are trained, what is remembered of each between steps, and the kernel that moves them.
 *
 * The state lies in a parameter store of its own, under PyTorch's names (`exp_avg.<parameter>`), so that it is saved and
 * loaded like parameters. Two moments of a parameter lie at the same place of different buffers, because a kernel binds each
 * buffer for writing once. Buffers of WebGPU start as zeros, and so does the state.
 */
import {
  type Context,
  type Dispatch,
  elementCount,
  InfnetError,
  type Kernel,
  Parameter,
  type ParameterSlab,
  ParameterStore,
  type StateDict,
  type View,
} from '@infnet/core';
import type { LineLayout } from './lines.js';
import type { StepNumbers, UpdateOperands } from './operators.js';
import type { SegmentGroup } from './segments.js';

/** What is special about one parameter. */
export interface ParameterSettings {
  /** Keep it as it is: no gradient is computed for it. Default false. */
  readonly frozen?: boolean;
  /** Factor of the learning rate. Default 1. */
  readonly learningRate?: number;
  /** Instead of the optimiser's. */
  readonly weightDecay?: number;
}

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
}

/** What an optimiser remembers, as plain data. */
export interface OptimizerState {
  readonly name: string;
  /** Steps taken. */
  readonly steps: number;
  readonly moments: StateDict;
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
  readonly #moments: readonly ReadonlyMap<Parameter, Parameter>[];
  #sums: ParameterStore | undefined;

  /** @throws InfnetError `OPTIMIZER_OPTION`, `OPTIMIZER_NOTHING` when no parameter is left to train. */
  protected constructor(parameters: ParameterStore, options: OptimizerOptions, spec: OptimizerKernel) {
    this.parameters = parameters;
    this.options = options;
    this.spec = spec;
    const trainable = parameters.parameters.filter(({ role }) => role === 'parameter');
    this.trained = trainable.filter(({ name }) => options.settings?.(name)?.frozen !== true);
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
    this.store = new ParameterStore(parameters.context, moments);
  }

  get context(): Context {
    return this.parameters.context;
  }

  /** Bytes of the state. */
  get bytes(): number {
    return this.store.bytes + (this.#sums?.bytes ?? 0);
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
    return this.options.settings?.(name)?.weightDecay ?? this.options.weightDecay ?? 0;
  }

  learningRateOf({ name }: Parameter): number {
    return this.options.settings?.(name)?.learningRate ?? 1;
  }

  /** The numbers of the next step that only the optimiser knows. */
  abstract numbers(): Pick<StepNumbers, 'unbias1' | 'unbias2'>;

  /** The dispatch that moves the parameters of a group of segments. */
  dispatch(group: SegmentGroup, { segments, hyper, control, slabs, lines }: UpdateOperands): Dispatch {
    const { kernel, constants, params, moments, flopsEach } = this.spec;
    const first = this.#parameterSlabs.length;
    const perMoment = (slabs.length - first) / Math.max(1, moments.length);
    const states = moments.map(({ binding }, i) => [binding, slabs[first + i * perMoment + group.state] as View]);
    const g = lines[group.line] as View;
    return {
      kernel,
      constants,
      params: {
        ...params,
        gOffset: g.offset,
        hyperOffset: hyper.offset,
        controlOffset: control.offset,
        firstSegment: group.first,
        groups: group.workgroups,
      },
      workgroups: [group.workgroups, group.count, 1],
      flops: flopsEach * group.values,
      bytes: 4 * group.values * (3 + 2 * moments.length),
      operands: { p: slabs[group.slab] as View, g, segments, hyper, control, ...Object.fromEntries(states) },
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
      this.#sums = new ParameterStore(this.context, made);
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
    return { name: this.name, steps: this.steps, moments: await this.store.read() };
  }

  /** @throws InfnetError `OPTIMIZER_STATE` for another optimiser's state, `PARAMETER_VALUES` where parameters do not fit. */
  load({ name, steps, moments }: OptimizerState): void {
    if (name !== this.name) {
      throw new InfnetError({
        code: 'OPTIMIZER_STATE',
        message: `the state is that of ${name}, the optimiser is ${this.name}`,
        fix: `Resume with ${name}, or start with fresh state.`,
      });
    }
    this.store.load(moments);
    this.steps = steps;
  }

  dispose(): void {
    this.#sums?.dispose();
    this.store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws InfnetError `OPTIMIZER_OPTION` unless every value lies in its range. */
export function checkOptions(
  values: Readonly<Record<string, readonly [value: number, smallest: number, below: number]>>,
): void {
  for (const [name, [value, smallest, below]] of Object.entries(values)) {
    if (value >= smallest && value < below) continue;
    throw new InfnetError({
      code: 'OPTIMIZER_OPTION',
      message: `${name} is ${value}; it must be at least ${smallest}${below === Infinity ? '' : ` and less than ${below}`}`,
    });
  }
}
