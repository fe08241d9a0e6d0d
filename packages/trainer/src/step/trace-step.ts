/**
 * A training step as one trace: forward and loss by the function of the user, with the net in training mode; what
 * follows is in finish-step.ts.
 */
import { checkNames, type Graph, type InputSpec, type Module, type Tensor, trace } from '@infnet/core';
import { BatchNorm2d } from '@infnet/nn';
import type { Optimizer } from '../optimizer/optimizer.js';
import { NUMBERS_SIZE } from '../optimizer/records.js';
import { finishStep, NUMBERS, type StepEnd } from './finish-step.js';
import { type BlockOf, numberedBlock, recompute } from './recompute.js';
import { type InputResize, resizeInput } from './resize-inputs.js';
import { asStepLoss, refuseOwn, type StepLoss } from './step-loss.js';

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

export interface TracedStep extends Omit<StepEnd, 'outputs'> {
  readonly graph: Graph;
}

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
  const restore = setTrainingMode(net, options.frozenBatchNorm ?? false);
  try {
    let end: Omit<StepEnd, 'outputs'> | undefined;
    const names = Object.keys(inputs) as N[];
    refuseOwn('an input', names);
    const graph = trace<N | typeof NUMBERS>(
      (all) => {
        const resized = (name: N): Tensor =>
          size === undefined ? all[name] : resizeInput(name, all[name], size, options.resize?.[name]);
        const given = Object.fromEntries(names.map((name) => [name, resized(name)])) as Record<N, Tensor>;
        const loss = asStepLoss(options.loss(given));
        const { graph } = all[NUMBERS];
        const forward = graph.nodes.length;
        const kept = new Set([...graph.updates.values(), loss.loss, ...Object.values(loss.parts ?? {})]);
        for (const output of Object.values(loss.outputs ?? {})) kept.add(output);
        const { accumulate = false, keepGradients = false, recompute: again = false } = options;
        const { outputs, ...rest } = finishStep(all[NUMBERS], loss, { optimizer, accumulate, keepGradients });
        if (again !== false) recompute(graph, forward, again === true ? numberedBlock : again, kept);
        end = rest;
        return outputs;
      },
      { ...inputs, [NUMBERS]: [NUMBERS_SIZE] },
    );
    return { graph, ...(end as Omit<StepEnd, 'outputs'>) };
  } finally {
    restore();
  }
}

/** Training mode, but for the frozen batch norms; returns what puts the modes back. */
export function setTrainingMode(
  net: Module<never, unknown>,
  frozen: boolean | ((path: string) => boolean),
): () => void {
  const modules = net.modules();
  const before = modules.map(({ training }) => training);
  const isFrozen = typeof frozen === 'function' ? frozen : () => frozen;
  for (const module of modules) module.training = !(module instanceof BatchNorm2d && isFrozen(module.path));
  return () => {
    for (const [i, module] of modules.entries()) module.training = before[i] as boolean;
  };
}
