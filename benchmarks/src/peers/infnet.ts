/** Ours as a peer: through the public API, as a user's program would. */
import {
  type Context,
  InfnetError,
  open,
  ParameterStore,
  type Plan,
  type PlanOptions,
  type Precision,
  preparePlan,
} from '@infnet/core';
import { Adam, clampGradients, trainingStep } from '@infnet/trainer';
import { measureCeilings } from '../ceilings.js';
import { type LayerData, type LayerResults, verify } from '../gradients/verify.js';
import { CLAMP, LEARNING_RATE, STEPS_COMPARED } from './optimizer.js';
import {
  type Ceilings,
  type DeviceSeconds,
  type LayerShape,
  PASSES,
  type Peer,
  type Running,
  type Workload,
} from './protocol.js';
import { type StepWorkload, stepOptions, type Traced, tracePass } from './workloads.js';

/** Runs handed to the device one after the other, for its own time without waiting for results. */
const BACK_TO_BACK = 8;

/** Seconds that a sample of a pass should take at least: Dawn rounds timestamps to 65 us. */
const SAMPLE_SECONDS = 5e-3;
const MOST_REPEATS = 16;

type TuningChoices = NonNullable<PlanOptions['tuning']>;

export interface InfnetPeerOptions {
  readonly precision: Precision;
  /** Gives the choices of a table of `infnet tune`. */
  readonly loadTuning?: () => Promise<TuningChoices>;
  /** On matrix units ("tensor cores", experimental), or not at all. */
  readonly matrixUnits?: boolean;
  /** For tests. */
  readonly openContext?: typeof open;
}

export class InfnetPeer implements Peer {
  readonly differentiates: boolean = false;
  readonly #options: InfnetPeerOptions;
  #tuning: TuningChoices | undefined;
  #opened: Context | undefined;

  constructor(options: InfnetPeerOptions) {
    this.#options = options;
  }

  async load(): Promise<{ description: string; version: string }> {
    const { loadTuning, matrixUnits = false, openContext = open } = this.#options;
    this.#tuning = await loadTuning?.();
    const said: string[] = [];
    const experimental = { subgroupMatrix: matrixUnits };
    this.#opened = await openContext({ experimental, onMessage: (line) => void said.push(line) });
    const { adapter, profile } = this.#opened;
    const description = adapter.message.replace(/^infnet: /, '').replace(/ - .*/, '');
    if (!matrixUnits) return { description, version: '' };
    if (profile.subgroupMatrix === undefined) throw new Error(said.at(-1));
    const { M, N, K } = profile.subgroupMatrix;
    return { description: `${description}, matrix units of ${M} x ${N} x ${K}`, version: '' };
  }

  async prepare(workload: Workload, traced: Traced): Promise<Running> {
    return workload.kind === 'step' ? this.#prepareStep(workload, traced) : this.#preparePlan(workload, traced);
  }

  ceilings(): Promise<Ceilings> {
    return measureCeilings(this.#context);
  }

  async #preparePlan(workload: Workload, { graph, parameters, state, inputs, timed }: Traced): Promise<Running> {
    const store = new ParameterStore(this.#context, parameters);
    store.load(state());
    const said: string[] = [];
    const onMessage = (line: string): void => void said.push(line);
    const plan = await preparePlan(this.#context, graph, { parameters: store, ...this.#planned, onMessage });
    const results = (await plan.run(inputs)) as Readonly<Record<string, Float32Array>>;
    if (this.#options.matrixUnits) {
      const onMatrixUnits = plan.schedule.dispatches.filter(({ kernel }) => kernel.name === 'conv/gemm-matrix');
      said.unshift(`${onMatrixUnits.length} dispatches on matrix units`);
    }
    let passes: Passes | undefined;
    return {
      results: Object.fromEntries(Object.entries(results).filter(([name]) => !/^row/.test(name))),
      heldBytes: plan.memory.total,
      ...(said.length > 0 ? { note: said.join('; ') } : {}),
      run: async () => void (await plan.run(inputs, { read: timed })),
      device: async () => {
        if (workload.kind === 'gradients') {
          const data = { x: inputs['x'], w: state().get('weight')?.data, g: inputs['g'] } as LayerData;
          passes ??= await this.#preparePasses(workload, data);
          return passes.seconds();
        }
        const begin = performance.now();
        for (let i = 0; i < BACK_TO_BACK; i++) await plan.run(inputs, { read: [] });
        await this.#context.device.queue.onSubmittedWorkDone();
        return { run: (performance.now() - begin) / 1e3 / BACK_TO_BACK };
      },
      release: () => disposeAll(plan, store, ...(passes === undefined ? [] : [passes])),
    };
  }

  /**
   * The passes of a convolution as plans of their own, checked in float64. They alternate: what other programs take
   * changes within seconds, and so disturbs all alike. @throws InfnetError `BENCH_WRONG`
   */
  async #preparePasses(layer: LayerShape, data: LayerData): Promise<Passes> {
    const plans: Plan[] = [];
    for (const pass of PASSES) plans.push(await preparePlan(this.#context, tracePass(layer, pass), this.#planned));
    const [y, dX, dW] = (await Promise.all(plans.map((plan) => plan.run(data)))).map(({ output }) => output);
    if (this.#options.precision !== 'half') verify(layer, data, { y, dX, dW } as LayerResults);
    const first = (await plans[0]?.profile(data))?.seconds ?? 0;
    const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.ceil(SAMPLE_SECONDS / Math.max(first, 1e-5))));
    return {
      async seconds() {
        const found: [string, number][] = [];
        for (const [i, plan] of plans.entries()) {
          let total = 0;
          for (let k = 0; k < repeats; k++) total += (await plan.profile(data)).seconds;
          found.push([PASSES[i] as string, total / repeats]);
        }
        return Object.fromEntries(found);
      },
      dispose: () => {
        for (const plan of plans) plan.dispose();
      },
    };
  }

  async #prepareStep(workload: StepWorkload, traced: Traced): Promise<Running> {
    const { state, inputs } = traced;
    const options = stepOptions(workload, traced);
    const store = new ParameterStore(this.#context, options.net);
    store.load(state());
    const optimizer = new Adam(store);
    const step = await trainingStep(this.#context, {
      ...options,
      ...this.#planned,
      ...(workload.ownLoss ? { clip: clampGradients(CLAMP) } : {}),
      optimizer,
    });
    const rate = { learningRate: LEARNING_RATE };
    const run = async (): Promise<number> => (await step.run(inputs, rate)).loss;
    const losses: number[] = [];
    for (let i = 0; i < STEPS_COMPARED; i++) losses.push(await run());
    return {
      results: { losses: Float32Array.from(losses) },
      heldBytes: step.memory.total,
      run: async () => void (await run()),
      device: async () => ({ run: (await step.profile(inputs, rate)).seconds }),
      release: () => disposeAll(step.plan, optimizer, store),
    };
  }

  get #planned(): { readonly precision: Precision; readonly tuning?: TuningChoices } {
    const { precision } = this.#options;
    return { precision, ...(this.#tuning === undefined ? {} : { tuning: this.#tuning }) };
  }

  get #context(): Context {
    if (this.#opened !== undefined) return this.#opened;
    throw new InfnetError({ code: 'BENCH_NOT_LOADED', message: 'infnet was not loaded' });
  }
}

interface Passes {
  seconds(): Promise<DeviceSeconds>;
  dispose(): void;
}

async function disposeAll(...all: readonly { dispose(): void }[]): Promise<void> {
  for (const each of all) each.dispose();
}
