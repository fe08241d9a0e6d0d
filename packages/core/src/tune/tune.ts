/**
 * The tuner: which of several ways to compute a layer is fastest on this device.
 *
 * Operators say what they could do (`Operator.candidates`). Every distinct shape of a traced graph is computed alone by
 * each candidate: first verified against the operator's own choice, then timed by turns, so that whatever else the
 * machine does meets all of them alike. A candidate must win by a margin. What is fastest alone need not be so in
 * company (caches, memory), so finally the whole graph runs without and with the choices by turns, and they are kept
 * only if that is faster.
 *
 * Nothing is kept anywhere: the result is plain data for `context.useTuning`, a file, or a plan's `tuning`.
 */

import type { Context } from '../context/context.js';
import type { Precision } from '../context/precision.js';
import { adapterKey, type LayerTuning, type Tuning } from '../context/tuning.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Candidates } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { checkNames } from '../kernel/options.js';
import { BufferArena } from '../plan/arena.js';
import { constantTensors } from '../plan/fuse.js';
import type { RunInputs } from '../plan/inputs.js';
import type { PlanOptions } from '../plan/options.js';
import { type Plan, preparePlan } from '../plan/plan.js';
import { measureNode, median, randomValues, timeRun } from './measure.js';

export interface TuneProgress {
  readonly phase: 'layers' | 'whole';
  readonly done: number;
  readonly total: number;
}

export interface TuneOptions {
  /**
   * As of the plans that will run. A graph with updates (a training step) changes the parameters when it is confirmed:
   * give it a store that may be thrown away.
   */
  readonly parameters?: PlanOptions['parameters'];
  /** As of the plans that will run. Default `fast`. */
  readonly precision?: Precision;
  readonly liveParameters?: boolean;
  /** Values for the whole graph's runs. Default: random ones. */
  readonly inputs?: RunInputs;
  /** Timings of each candidate. Default 5. */
  readonly rounds?: number;
  /** Runs of the whole graph each way. Default 5. */
  readonly wholeRounds?: number;
  /** Share by which a candidate must be faster than the operator's own choice. Default 0.05. */
  readonly margin?: number;
  readonly onProgress?: (progress: TuneProgress) => void;
  /** As of a plan; the same line once. */
  readonly onMessage?: PlanOptions['onMessage'];
}

interface Layer {
  readonly node: GraphNode;
  readonly candidates: Candidates;
  count: number;
}

/**
 * Tunes the operators of a traced graph on the context's device.
 *
 * @throws InfnetError what planning or running the graph throws; a candidate's own errors only exclude it.
 */
export async function tune(context: Context, graph: Graph, given: TuneOptions = {}): Promise<Tuning> {
  const own = ['parameters', 'precision', 'liveParameters', 'inputs', 'rounds', 'wholeRounds', 'margin'];
  checkNames('tune', given, [...own, 'onProgress', 'onMessage']);
  const options = { ...given, onMessage: once(given.onMessage ?? ((line: string) => console.error(line))) };
  const { precision = 'fast', rounds = 5, wholeRounds = 5, margin = 0.05, liveParameters = false } = options;
  const constants = constantTensors(graph, graph.nodes, !liveParameters && graph.updates.size === 0);
  const isConstant = (tensor: Tensor): boolean => constants.has(tensor);
  const found = distinctLayers(context, graph, constants, precision);
  const layers: LayerTuning[] = [];
  for (const { node, candidates, count } of found) {
    options.onProgress?.({ phase: 'layers', done: layers.length, total: found.length });
    const { key } = candidates;
    const measured = await measureNode(context, node, candidates, {
      precision,
      rounds,
      isConstant,
      onMessage: options.onMessage,
    });
    layers.push({ key, scope: node.scope, count, ...measured });
  }
  options.onProgress?.({ phase: 'layers', done: found.length, total: found.length });
  const choices = Object.fromEntries(
    layers.flatMap((layer) => {
      const choice = fastest(layer, margin);
      return choice === layer.own ? [] : [[layer.key, choice]];
    }),
  );
  const whole =
    Object.keys(choices).length === 0
      ? { own: [], tuned: [] }
      : await compareWhole(context, graph, choices, { ...options, precision, wholeRounds });
  const better = whole.own.length > 0 && median(whole.tuned) < median(whole.own);
  const adapter = adapterKey(context.adapter);
  return { version: 1, adapter, precision, choices: better ? choices : {}, layers, whole };
}

/** Hands on every line but those that were handed on before. */
function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
}

function fastest({ own, seconds }: LayerTuning, margin: number): string {
  const limit = (1 - margin) * (seconds[own] as number);
  let [best, least] = [own, limit];
  for (const [name, time] of Object.entries(seconds)) {
    if (name !== own && time < least) [best, least] = [name, time];
  }
  return best;
}

function distinctLayers(context: Context, graph: Graph, constants: ReadonlySet<Tensor>, precision: Precision): Layer[] {
  const layers = new Map<string, Layer>();
  // The operators' own choices, not those of a tuning that is in use.
  const { tuning: _, ...device } = context.profile;
  for (const node of graph.nodes) {
    const { operator, attributes } = node;
    // Computed once, however slowly.
    if (node.inputs.every((input) => constants.has(input))) continue;
    const inputs = node.inputs.map(({ type }) => type);
    const candidates = operator.candidates?.({ attributes, inputs, device, precision });
    if (candidates === undefined || candidates.names.length < 2) continue;
    const known = layers.get(candidates.key);
    if (known === undefined) layers.set(candidates.key, { node, candidates, count: 1 });
    else known.count++;
  }
  return [...layers.values()];
}

/** The whole graph without and with the choices, by turns. */
async function compareWhole(
  context: Context,
  graph: Graph,
  choices: Readonly<Record<string, string>>,
  options: TuneOptions & { readonly precision: Precision; readonly wholeRounds: number },
): Promise<Tuning['whole']> {
  const { parameters, precision, liveParameters = false, wholeRounds, onMessage } = options;
  const inputs =
    options.inputs ??
    Object.fromEntries([...graph.inputs].map(([name, { type }], i) => [name, randomValues(type, i + 1)]));
  const arena = new BufferArena(context);
  const plans: Plan[] = [];
  try {
    for (const tuning of [{}, choices]) {
      plans.push(
        await preparePlan(context, graph, { parameters, precision, liveParameters, arena, tuning, onMessage }),
      );
    }
    const [own, tuned] = plans as [Plan, Plan];
    const seconds = { own: [] as number[], tuned: [] as number[] };
    for (let round = -1; round < wholeRounds; round++) {
      options.onProgress?.({ phase: 'whole', done: Math.max(0, round), total: wholeRounds });
      const [a, b] = [await timeRun(context, own, inputs), await timeRun(context, tuned, inputs)];
      if (round < 0) continue; // pipelines that are compiled at their first dispatch
      seconds.own.push(a);
      seconds.tuned.push(b);
    }
    return seconds;
  } finally {
    for (const plan of plans) plan.dispose();
    arena.dispose();
  }
}
