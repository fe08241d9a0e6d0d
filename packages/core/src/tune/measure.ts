/** One node by each of its candidates: verified against the operator's own choice, then timed by turns. */
import type { Context } from '../context/context.js';
import type { Precision } from '../context/precision.js';
import type { LayerTuning } from '../context/tuning.js';
import { Graph, type GraphNode } from '../graph/graph.js';
import type { Candidates } from '../graph/operator.js';
import type { Tensor } from '../graph/tensor.js';
import { seededRandom } from '../module/initialize.js';
import { Parameter } from '../module/parameter.js';
import { ParameterStore } from '../module/parameter-store.js';
import type { RunInputs } from '../plan/inputs.js';
import { type Plan, preparePlan } from '../plan/plan.js';
import type { TensorData } from '../tensor/host-data.js';
import { elementCount, type Shape, type TensorType } from '../tensor/types.js';

/**
 * Relative L2 from the operator's own choice up to which a candidate counts as right; at `half` not all round their
 * weights.
 */
const TOLERANCE: Readonly<Record<Precision, number>> = { exact: 1e-5, fast: 1e-4, half: 1e-3 };
/** After the first round a candidate this many times slower than the fastest is out. */
const HOPELESS = 2;

export interface MeasureOptions {
  readonly precision: Precision;
  readonly rounds: number;
  /** Whether a tensor of the tuned graph is the same in every run. What is done to such an input once is not timed. */
  isConstant(tensor: Tensor): boolean;
  readonly onMessage: (line: string) => void;
}

interface Contender {
  readonly name: string;
  readonly plan: Plan;
  readonly seconds: number[];
}

/** @throws InfnetError what the operator's own choice throws; a candidate's errors are kept in `refused`. */
export async function measureNode(
  context: Context,
  node: GraphNode,
  candidates: Candidates,
  options: MeasureOptions,
): Promise<Pick<LayerTuning, 'own' | 'seconds' | 'refused'>> {
  const { precision, onMessage } = options;
  const { graph, inputs, parameters } = isolate(context, node, options);
  const refused: Record<string, string> = {};
  const contenders: Contender[] = [];
  const own = candidates.names[0] as string;
  let expected: readonly Float32Array[] | undefined;
  try {
    for (const name of candidates.names) {
      try {
        const tuning = { [candidates.key]: name };
        const plan = await preparePlan(context, graph, { parameters, precision, tuning, onMessage });
        contenders.push({ name, plan, seconds: [] });
        const outputs = Object.values(await plan.run(inputs)) as Float32Array[];
        if (expected === undefined) {
          expected = outputs;
          continue;
        }
        const error = relativeError(outputs, expected);
        if (error <= TOLERANCE[precision]) continue;
        refused[name] = `differs by ${error.toExponential(1)} (relative L2)`;
      } catch (cause) {
        if (expected === undefined) throw cause;
        context.assertAlive('tune');
        refused[name] = cause instanceof Error ? cause.message : String(cause);
      }
    }
    let running = contenders.filter(({ name }) => !(name in refused));
    for (let round = 0; round < options.rounds; round++) {
      for (const { plan, seconds } of running) seconds.push(await timeMany(context, plan, inputs));
      const best = Math.min(...running.map(({ seconds }) => median(seconds)));
      running = running.filter(({ name, seconds }) => name === own || median(seconds) <= HOPELESS * best);
    }
  } finally {
    for (const { plan } of contenders) plan.dispose();
    parameters.dispose();
  }
  const timed = contenders.filter(({ seconds }) => seconds.length > 0);
  return { own, refused, seconds: Object.fromEntries(timed.map(({ name, seconds }) => [name, median(seconds)])) };
}

/** A timing shorter than this is repeated: some devices count time in steps of a tenth of a millisecond. */
const SHORTEST = 1e-3;
const MOST_REPETITIONS = 8;

/** Mean seconds of as many computations as it takes to be measurable. */
async function timeMany(context: Context, plan: Plan, inputs: RunInputs): Promise<number> {
  let [seconds, count] = [0, 0];
  while (count < MOST_REPETITIONS && seconds < SHORTEST) {
    seconds += await timeOnce(context, plan, inputs);
    count++;
  }
  return seconds / count;
}

/** GPU seconds where the device has timestamps, else wall seconds. */
async function timeOnce(context: Context, plan: Plan, inputs: RunInputs): Promise<number> {
  if (!context.device.features.has('timestamp-query')) return timeRun(context, plan, inputs);
  const { entries } = await plan.profile(inputs);
  return entries.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Wall seconds of a run, its results not read. */
export async function timeRun(context: Context, plan: Plan, inputs: RunInputs): Promise<number> {
  await context.device.queue.onSubmittedWorkDone();
  const begun = performance.now();
  await plan.run(inputs, { read: [] });
  await context.device.queue.onSubmittedWorkDone();
  return (performance.now() - begun) / 1000;
}

interface Isolated {
  readonly graph: Graph;
  readonly inputs: RunInputs;
  readonly parameters: ParameterStore;
}

/**
 * The node by itself over random values: its constants are parameters, as where it comes from; the rest are the graph's
 * inputs.
 */
function isolate(context: Context, node: GraphNode, { isConstant }: Pick<MeasureOptions, 'isConstant'>): Isolated {
  const graph = new Graph();
  const inputs: Record<string, TensorData> = {};
  const constants = new Map<Parameter, { readonly shape: Shape; readonly data: TensorData }>();
  const tensors = node.inputs.map((tensor, i) => {
    const { type } = tensor;
    const data = randomValues(type, i + 1);
    if (isConstant(tensor) && type.dtype === 'f32') {
      const parameter = new Parameter(type.shape);
      parameter.name = `input${i}`;
      constants.set(parameter, { shape: type.shape, data });
      return graph.parameter(parameter);
    }
    inputs[`input${i}`] = data;
    return graph.input(`input${i}`, type);
  });
  const made = graph.makeNode(node.operator, tensors, node.attributes, node.scope);
  graph.nodes.push(made);
  for (const [i, output] of made.outputs.entries()) graph.outputs.set(`output${i}`, output);
  const parameters = new ParameterStore(context, [...constants.keys()]);
  parameters.load(new Map([...constants].map(([{ name }, value]) => [name, value])));
  return { graph, inputs, parameters };
}

/** Values of -1..1 (f32) or zeros; the same seed gives the same. */
export function randomValues({ shape, dtype }: TensorType, seed: number): Float32Array | Uint32Array | Int32Array {
  const count = elementCount(shape);
  if (dtype !== 'f32') return dtype === 'u32' ? new Uint32Array(count) : new Int32Array(count);
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

function relativeError(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  let [difference, norm] = [0, 0];
  for (const [i, values] of expected.entries()) {
    for (let k = 0; k < values.length; k++) {
      difference += ((actual[i]?.[k] ?? Number.NaN) - (values[k] as number)) ** 2;
      norm += (values[k] as number) ** 2;
    }
  }
  const error = Math.sqrt(difference / Math.max(norm, Number.MIN_VALUE));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
