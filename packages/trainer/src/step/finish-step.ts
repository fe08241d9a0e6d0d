/**
 * What a training step does behind the loss.
 *
 *     gradients     = of the trained parameters, joined into lines (see optimizer/lines.ts)
 *     control       = whether loss and gradients are finite, their norm, the factor of the clip
 *     verdict       = control, void where a new parameter, moment or running statistic would not be finite
 *     parameters    moved in place by one dispatch per slab; void steps change nothing, running statistics included
 *
 * What differs from step to step (learning rate, Adam's corrections) is an input, so the plan stays.
 */
import {
  applyNamed,
  type Graph,
  gradients,
  InfnetError,
  operandAt,
  type Parameter,
  type ParameterStore,
  type Tensor,
} from '@infnet/core';
import { joinFlat } from '@infnet/nn/kernels';
import { joinLines, type LineLayout, layOutLines } from '../optimizer/lines.js';
import {
  accumulate,
  gradientStatisticsOperator,
  type SegmentUpdate,
  stepControlOperator,
  type UpdateTensors,
  updateSlabs,
  verdictOperator,
} from '../optimizer/operators.js';
import type { Optimizer } from '../optimizer/optimizer.js';
import { CONTROL_SIZE } from '../optimizer/records.js';
import { type SegmentTable, segmentsOf, segmentTable, slabPlace } from '../optimizer/segments.js';
import { BUFFER_SEGMENTS, gatherStatistics, type NewStatistics, storeStatistics } from './running-statistics.js';
import type { StepLoss } from './step-loss.js';

/** The step's own inputs and outputs. */
export const NUMBERS = 'step/numbers';
export const REPORT = 'step/report';
export const STATISTICS = 'step/gradient statistics';
export const gradientLine = (line: number): string => `step/gradients ${line}`;
const SEGMENTS = 'step/segments';

export interface StepEnd {
  /** Stores beside the net's that the plan needs. */
  readonly stores: readonly ParameterStore[];
  /** Names of the reported numbers, in the order in which they lie in the output `REPORT`. */
  readonly reported: readonly string[];
  readonly layout: LineLayout;
  /** Inputs that are the same in every run. */
  readonly tables: Readonly<Record<string, Uint32Array<ArrayBuffer>>>;
  /** Parameters in the order of the output `STATISTICS`. */
  readonly order: readonly Parameter[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}

export interface FinishOptions {
  readonly optimizer: Optimizer;
  readonly accumulate: boolean;
  readonly keepGradients: boolean;
}

/**
 * Traces everything behind the loss.
 *
 * @param numbers [NUMBERS_SIZE]
 * @throws InfnetError `TRAINING_NO_GRADIENT`, `GRADIENT_...`, `OPTIMIZER_LAYOUT`.
 */
export function finishStep(numbers: Tensor, loss: StepLoss, options: FinishOptions): StepEnd {
  const { optimizer, keepGradients } = options;
  const { graph } = numbers;
  const found = gradientsOf(graph, loss.loss, optimizer);
  const layout = layOutLines(found);
  const stores = [optimizer.store];
  let lines = graph.within('gradients', () => joinLines(found, layout));
  if (options.accumulate) {
    const { store, sums } = optimizer.sumsFor(layout);
    optimizer.turns.prepare();
    stores.push(store);
    lines = graph.within('accumulate', () => lines.map((line, i) => accumulate(operandAt(sums, i), line, numbers)));
  }
  const table = tableOf(optimizer, layout);
  const segments = graph.input(SEGMENTS, { shape: [table.segments.length, 8], dtype: 'u32' });
  const { statistics, control: first } = graph.within('control', () => {
    const { statistics } = applyNamed(gradientStatisticsOperator, { segments, lines }, { groups: table.groups });
    return { statistics, ...applyNamed(stepControlOperator, { statistics, loss: loss.loss, numbers }, {}) };
  });
  const news = graph.within('running statistics', () => gatherStatistics(graph, optimizer));
  const update = {
    name: optimizer.name,
    table,
    slabs: optimizer.slabs.length,
    dispatch: optimizer.dispatch.bind(optimizer),
  };
  const tensors = { segments, numbers, slabs: optimizer.slabs, lines };
  const control = graph.within('verdict', () => judge(optimizer, update, { ...tensors, control: first }, news));
  if (news !== undefined) {
    graph.within('running statistics', () => storeStatistics(graph, optimizer, news, { numbers, control }));
  }
  graph.within('optimizer', () => updateSlabs(graph, update, { ...tensors, control }));
  const parts = { loss: loss.loss, ...loss.parts };
  const reports = [...Object.values(parts), control];
  const places = reports.map((_, i) => i);
  return {
    stores,
    layout,
    reported: Object.keys(parts),
    order: table.segments.map(({ parameter }) => parameter),
    tables: { [SEGMENTS]: table.words, ...(news && { [BUFFER_SEGMENTS]: news.table.words }) },
    outputs: {
      [REPORT]: joinFlat(reports, places, reports.length - 1 + CONTROL_SIZE),
      [STATISTICS]: statistics,
      ...(keepGradients && Object.fromEntries(lines.map((line, i) => [gradientLine(i), line]))),
      ...loss.outputs,
    },
  };
}

function gradientsOf(graph: Graph, loss: Tensor, { trained }: Optimizer): Map<Parameter, Tensor> {
  const used = trained.filter((parameter) => graph.parameters.has(parameter));
  const found = gradients(loss, used);
  const reached = used.flatMap((parameter, i) => (found[i] === undefined ? [] : [[parameter, found[i]] as const]));
  if (reached.length > 0) return new Map(reached);
  throw new InfnetError({
    code: 'TRAINING_NO_GRADIENT',
    message: `the loss depends on none of the ${trained.length} trained parameters`,
    fix: 'Compute the loss from the output of the net, and freeze fewer parameters.',
  });
}

function tableOf(optimizer: Optimizer, layout: LineLayout): SegmentTable {
  const segments = segmentsOf(optimizer.parameters, layout, (parameter) => {
    const moment = optimizer.momentOf(parameter);
    const learningRate = optimizer.learningRateOf(parameter);
    const weightDecay = optimizer.weightDecayOf(parameter);
    return { learningRate, weightDecay, ...(moment ? { state: slabPlace(optimizer.store, moment) } : {}) };
  });
  return segmentTable(segments);
}

/** The control: void where a new value would not be finite. Nothing was changed yet, and then nothing will be. */
function judge(
  { spec }: Optimizer,
  update: SegmentUpdate,
  tensors: UpdateTensors,
  news: NewStatistics | undefined,
): Tensor {
  const values = spec.check !== undefined;
  if (!values && news === undefined) return tensors.control;
  const figures = news && applyNamed(gradientStatisticsOperator, news, { groups: news.table.groups }).statistics;
  const operator = verdictOperator(update, { values, statistics: news !== undefined });
  return applyNamed(operator, { ...tensors, figures }, {}).control;
}
