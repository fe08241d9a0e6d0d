/**
 * A training step as one trace: forward, loss, backward, statistics of the gradients, clip, optimiser, running
 * statistics.
 *
 *     loss, parts   = the function of the user, with the net in training mode
 *     gradients     = of the trained parameters, joined into lines (see optimizer/lines.ts)
 *     control       = whether loss and gradients are finite, their norm, the factor of the clip
 *     verdict       = control, void where a new parameter, moment or running statistic would not be finite
 *     parameters    moved in place by one dispatch per slab; void steps change nothing, running statistics included
 *
 * What differs from step to step (learning rate, Adam's corrections) is an input, so the plan stays.
 */
import {
  applyOne,
  checkNames,
  type Graph,
  gradients,
  InfnetError,
  type InputSpec,
  type Module,
  type Parameter,
  type ParameterStore,
  Tensor,
  trace,
} from '@infnet/core';
import { BatchNorm2d, joinFlat } from '@infnet/nn';
import { joinLines, type LineLayout, layOutLines } from '../optimizer/lines.js';
import {
  accumulate,
  gradientStatisticsOperator,
  type SegmentUpdate,
  stepControlOperator,
  storeValuesUpdate,
  updateSlabs,
  verdictOperator,
} from '../optimizer/operators.js';
import type { Optimizer } from '../optimizer/optimizer.js';
import { CONTROL_SIZE, NUMBERS_SIZE } from '../optimizer/records.js';
import { type SegmentTable, segmentsOf, segmentTable, slabPlace } from '../optimizer/segments.js';
import { type BlockOf, numberedBlock, recompute } from './recompute.js';
import { type InputResize, resizeInput } from './resize-inputs.js';

/** What the traced loss function returns. */
export interface StepLoss {
  /** A scalar. */
  readonly loss: Tensor;
  /** Scalars to report beside it, by name. */
  readonly parts?: Readonly<Record<string, Tensor>>;
  /** Tensors that a run can read back, by name (predictions). */
  readonly outputs?: Readonly<Record<string, Tensor>>;
}

export interface TraceStepOptions<N extends string = string> {
  /** Everything with parameters that the loss function calls. */
  readonly net: Module<never, unknown>;
  readonly optimizer: Optimizer;
  /** Shape of every input of the loss function, by name. */
  readonly inputs: Readonly<Record<N, InputSpec>>;
  readonly loss: (inputs: Readonly<Record<N, Tensor>>) => Tensor | StepLoss;
  /** Batch norms that keep their running statistics and use them (quirk-free fine-tuning); by path. Default: none. */
  readonly frozenBatchNorm?: boolean | ((path: string) => boolean);
  /**
   * Resize every image input [N, C, H, W] to this [height, width] first, bilinear with aligned corners, as the released
   * multi-scale training does (quirk 13); integers [N, H, W] or [N, C, H, W] by nearest neighbour at the same
   * positions.
   */
  readonly size?: readonly [number, number];
  /** How single inputs are resized, by name. One-hot masks (float32) need it: a run with them is refused else. */
  readonly resize?: Readonly<Partial<Record<N, InputResize>>>;
  /** Sum gradients over several runs before a step. Default false. */
  readonly accumulate?: boolean;
  /**
   * Compute intermediates of blocks again in the backward pass instead of keeping them: less memory, about a third more
   * work, the same bits. True: blocks by module path, see `numberedBlock`. Default false.
   */
  readonly recompute?: boolean | BlockOf;
  /** Let gradients be read (`gradientsOf`). Default false. */
  readonly keepGradients?: boolean;
}

export interface TracedStep {
  readonly graph: Graph;
  /** Stores beside the net's that the plan needs. */
  readonly stores: readonly ParameterStore[];
  /** Names of the reported numbers, in the order in which they lie in the output `REPORT`. */
  readonly reported: readonly string[];
  readonly layout: LineLayout;
  /** Inputs that are the same in every run. */
  readonly tables: Readonly<Record<string, Uint32Array<ArrayBuffer>>>;
  /** Parameters in the order of the output `STATISTICS`. */
  readonly order: readonly Parameter[];
}

/** Inputs and outputs of the plan that are not the user's begin so. */
export const OWN = 'step/';
export const NUMBERS = 'step/numbers';
export const REPORT = 'step/report';
export const STATISTICS = 'step/gradient statistics';
export const gradientLine = (line: number): string => `step/gradients ${line}`;
const SEGMENTS = 'step/segments';
const BUFFER_SEGMENTS = 'step/buffer segments';

const OPTIONS: Readonly<Record<keyof TraceStepOptions, true>> = {
  net: true,
  optimizer: true,
  inputs: true,
  loss: true,
  frozenBatchNorm: true,
  size: true,
  resize: true,
  accumulate: true,
  recompute: true,
  keepGradients: true,
};
export const STEP_OPTIONS: readonly string[] = Object.keys(OPTIONS);

/**
 * @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_...`, `GRADIENT_...`, `TRAINING_NO_GRADIENT`, `TRAINING_LOSS`,
 *   `TRAINING_RESIZE`.
 */
export function traceStep<N extends string>(options: TraceStepOptions<N>): TracedStep {
  checkNames('traceStep', options, STEP_OPTIONS);
  const { net, optimizer, inputs, size } = options;
  checkNames('traceStep', options.resize ?? {}, Object.keys(inputs), 'input');
  const restore = setMode(net, options.frozenBatchNorm ?? false);
  try {
    let traced: Omit<TracedStep, 'graph'> | undefined;
    const names = Object.keys(inputs) as N[];
    refuseOwn('an input', names);
    const graph = trace<string>(
      (all) => {
        const resized = (name: N): Tensor => {
          const tensor = all[name] as Tensor;
          return size === undefined ? tensor : resizeInput(name, tensor, size, options.resize?.[name]);
        };
        const given = Object.fromEntries(names.map((name) => [name, resized(name)])) as Record<N, Tensor>;
        const numbers = all[NUMBERS] as Tensor;
        const loss = asStepLoss(options.loss(given));
        const { graph } = numbers;
        const forward = graph.nodes.length;
        const kept = new Set([...graph.updates.values(), loss.loss, ...Object.values(loss.parts ?? {})]);
        for (const output of Object.values(loss.outputs ?? {})) kept.add(output);
        const step = new StepTrace(numbers, loss, optimizer);
        traced = step.finish(options.accumulate ?? false);
        const { recompute: again = false } = options;
        if (again !== false) recompute(graph, forward, again === true ? numberedBlock : again, kept);
        return step.outputs(options.keepGradients ?? false);
      },
      { ...inputs, [NUMBERS]: [NUMBERS_SIZE] },
    );
    return { graph, ...(traced as Omit<TracedStep, 'graph'>) };
  } finally {
    restore();
  }
}

/** Training mode, but for the frozen batch norms; returns what puts the modes back. */
function setMode(net: Module<never, unknown>, frozen: boolean | ((path: string) => boolean)): () => void {
  const modules = net.modules();
  const before = modules.map(({ training }) => training);
  const isFrozen = typeof frozen === 'function' ? frozen : () => frozen;
  for (const module of modules) module.training = !(module instanceof BatchNorm2d && isFrozen(module.path));
  return () => {
    for (const [i, module] of modules.entries()) module.training = before[i] as boolean;
  };
}

function asStepLoss(result: Tensor | StepLoss): StepLoss {
  const loss = result instanceof Tensor ? { loss: result } : result;
  checkNames('the loss function', loss, ['loss', 'parts', 'outputs'], 'field');
  refuseOwn('an output', Object.keys(loss.outputs ?? {}));
  if (Object.hasOwn(loss.parts ?? {}, 'loss')) {
    throw new InfnetError({
      code: 'TRAINING_LOSS',
      message: 'a part of the loss is called "loss", as the whole is',
      fix: 'Give the part another name.',
    });
  }
  for (const [name, tensor] of Object.entries({ loss: loss.loss, ...loss.parts })) {
    if (tensor.shape.every((extent) => extent === 1) && tensor.dtype === 'f32') continue;
    throw new InfnetError({
      code: 'TRAINING_LOSS',
      message: `"${name}" is ${tensor.dtype} [${tensor.shape.join(', ')}]; a loss is one f32 number`,
      fix: 'Reduce it (mean, sum).',
    });
  }
  return loss;
}

/** A name of the user's in the place of one of the step's own would be taken for it. */
function refuseOwn(what: string, names: readonly string[]): void {
  const taken = names.find((name) => name.startsWith(OWN));
  if (taken === undefined) return;
  throw new InfnetError({
    code: 'TRAINING_NAME',
    message: `${what} is called "${taken}"; names that begin with "${OWN}" are the step's own`,
    fix: 'Give it another name.',
  });
}

class StepTrace {
  readonly #graph: Graph;
  readonly #numbers: Tensor;
  readonly #loss: StepLoss;
  readonly #optimizer: Optimizer;
  readonly #parts: Readonly<Record<string, Tensor>>;
  #lines: readonly Tensor[] = [];
  #statistics: Tensor | undefined;
  #control: Tensor | undefined;

  constructor(numbers: Tensor, loss: StepLoss, optimizer: Optimizer) {
    this.#graph = numbers.graph;
    this.#numbers = numbers;
    this.#loss = loss;
    this.#optimizer = optimizer;
    this.#parts = { loss: loss.loss, ...loss.parts };
  }

  /** Adds everything behind the loss. */
  finish(accumulates: boolean): Omit<TracedStep, 'graph'> {
    const found = this.#gradients();
    const layout = layOutLines(found);
    const stores = [this.#optimizer.store];
    let lines = this.#within('gradients', () => joinLines(found, layout));
    if (accumulates) {
      const { store, sums } = this.#optimizer.sumsFor(layout);
      this.#optimizer.turns.prepare();
      stores.push(store);
      lines = this.#within('accumulate', () =>
        lines.map((line, i) => accumulate(sums[i] as Parameter, line, this.#numbers)),
      );
    }
    this.#lines = lines;
    const table = this.#table(layout);
    const segments = this.#graph.input(SEGMENTS, { shape: [table.segments.length, 8], dtype: 'u32' });
    this.#within('control', () => {
      const { groups } = table;
      this.#statistics = applyOne(gradientStatisticsOperator, [segments, ...lines], { groups });
      this.#control = applyOne(stepControlOperator, [this.#statistics, this.#loss.loss, this.#numbers], {});
    });
    const news = this.#within('running statistics', () => this.#gatherStatistics());
    const update = this.#updateOf(table);
    this.#within('verdict', () => this.#judge(update, segments, news));
    const statistics = this.#within('running statistics', () => this.#storeStatistics(news));
    this.#within('optimizer', () => this.#update(update, segments));
    return {
      stores,
      layout,
      reported: Object.keys(this.#parts),
      order: table.segments.map(({ parameter }) => parameter),
      tables: { [SEGMENTS]: table.words, ...statistics },
    };
  }

  outputs(keepGradients: boolean): Record<string, Tensor> {
    const parts = [...Object.values(this.#parts), this.#control as Tensor];
    const starts = parts.map((_, i) => i);
    const report = joinFlat(parts, starts, parts.length - 1 + CONTROL_SIZE);
    const lines = keepGradients ? this.#lines.map((line, i) => [gradientLine(i), line] as const) : [];
    return {
      [REPORT]: report,
      [STATISTICS]: this.#statistics as Tensor,
      ...Object.fromEntries(lines),
      ...this.#loss.outputs,
    };
  }

  #gradients(): Map<Parameter, Tensor> {
    const { trained } = this.#optimizer;
    const used = trained.filter((parameter) => this.#graph.parameters.has(parameter));
    const found = gradients(this.#loss.loss, used);
    const reached = used.flatMap((parameter, i) => (found[i] === undefined ? [] : [[parameter, found[i]] as const]));
    if (reached.length > 0) return new Map(reached);
    throw new InfnetError({
      code: 'TRAINING_NO_GRADIENT',
      message: `the loss depends on none of the ${trained.length} trained parameters`,
      fix: 'Compute the loss from the output of the net, and freeze fewer parameters.',
    });
  }

  #table(layout: LineLayout): SegmentTable {
    const { parameters, store } = this.#optimizer;
    const segments = segmentsOf(parameters, layout, (parameter) => {
      const moment = this.#optimizer.momentOf(parameter);
      const learningRate = this.#optimizer.learningRateOf(parameter);
      const weightDecay = this.#optimizer.weightDecayOf(parameter);
      return { learningRate, weightDecay, ...(moment ? { state: slabPlace(store, moment) } : {}) };
    });
    return segmentTable(segments);
  }

  #updateOf(table: SegmentTable): SegmentUpdate {
    const { name, slabs } = this.#optimizer;
    return { name, table, slabs: slabs.length, dispatch: this.#optimizer.dispatch.bind(this.#optimizer) };
  }

  /** Nothing was changed yet: where a new value would not be finite, nothing will be. */
  #judge(update: SegmentUpdate, segments: Tensor, news: NewStatistics | undefined): void {
    const { slabs, spec } = this.#optimizer;
    const checks = spec.check !== undefined;
    if (!checks && news === undefined) return;
    const operator = verdictOperator(update, { values: checks, statistics: news !== undefined });
    const values = slabs.map((slab) => this.#graph.parameter(slab));
    const figures =
      news === undefined
        ? []
        : [applyOne(gradientStatisticsOperator, [news.segments, ...news.lines], { groups: news.table.groups })];
    const control = this.#control as Tensor;
    this.#control = applyOne(operator, [segments, this.#numbers, control, ...values, ...this.#lines, ...figures], {});
  }

  #update(update: SegmentUpdate, segments: Tensor): void {
    const { slabs } = this.#optimizer;
    const control = this.#control as Tensor;
    updateSlabs(this.#graph, update, { segments, numbers: this.#numbers, control, slabs, lines: this.#lines });
  }

  /** Gathers the new running statistics, so that a few dispatches look at them and store them all. */
  #gatherStatistics(): NewStatistics | undefined {
    const { parameters } = this.#optimizer;
    const updates = [...this.#graph.updates].filter(([{ role }]) => role === 'buffer');
    const values = new Map(updates.filter(([parameter]) => parameters.parameters.includes(parameter)));
    if (values.size === 0) return undefined;
    for (const parameter of values.keys()) this.#graph.updates.delete(parameter);
    const layout = layOutLines(values);
    const lines = joinLines(values, layout);
    const table = segmentTable(segmentsOf(parameters, layout).map(inBuffers(parameters)));
    const segments = this.#graph.input(BUFFER_SEGMENTS, { shape: [table.segments.length, 8], dtype: 'u32' });
    return { lines, table, segments };
  }

  /** Stores them, and only if the step is not void. */
  #storeStatistics(news: NewStatistics | undefined): Record<string, Uint32Array<ArrayBuffer>> {
    if (news === undefined) return {};
    const { lines, table, segments } = news;
    const slabs = this.#optimizer.parameters.slabs.filter(({ role }) => role === 'buffer');
    const inputs = { segments, numbers: this.#numbers, control: this.#control as Tensor, slabs, lines };
    updateSlabs(this.#graph, storeValuesUpdate(table, slabs.length), inputs);
    return { [BUFFER_SEGMENTS]: table.words };
  }

  #within<T>(scope: string, body: () => T): T {
    return this.#graph.within(scope, body);
  }
}

/** New running statistics, on their way. */
interface NewStatistics {
  readonly lines: readonly Tensor[];
  readonly table: SegmentTable;
  readonly segments: Tensor;
}

/** Counts slabs among those of buffers only. */
function inBuffers(store: ParameterStore): <S extends { readonly slab: number }>(segment: S) => S {
  const first = store.slabs.findIndex(({ role }) => role === 'buffer');
  return (segment) => ({ ...segment, slab: segment.slab - first });
}
