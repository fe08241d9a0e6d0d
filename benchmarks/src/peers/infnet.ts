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
  type TensorData,
} from '@infnet/core';
import { Adam, clampGradients, trainingStep } from '@infnet/trainer';
import { measureCeilings } from '../ceilings.js';
import { CLAMP, LEARNING_RATE, STEPS_COMPARED } from './optimizer.js';
import type { Ceilings, Peer, Running, Workload } from './protocol.js';
import { type StepWorkload, stepOptions, type Traced } from './workloads.js';

/** Runs handed to the device one after the other, for its own time without waiting for results. */
const BACK_TO_BACK = 8;

type TuningChoices = NonNullable<PlanOptions['tuning']>;

type Results = Readonly<Record<string, TensorData>>;

export class InfnetPeer implements Peer {
  readonly differentiates: boolean = false;
  readonly #precision: Precision;
  readonly #loadTuning: () => TuningChoices | undefined;
  #tuning: TuningChoices | undefined;
  #opened: Context | undefined;

  /** `loadTuning`: gives the choices of a table of `infnet tune`. */
  constructor(precision: Precision, loadTuning: () => TuningChoices | undefined = () => undefined) {
    this.#precision = precision;
    this.#loadTuning = loadTuning;
  }

  async load(): Promise<{ description: string; version: string }> {
    this.#tuning = this.#loadTuning();
    this.#opened = await open({ onMessage: () => {} });
    const { message } = this.#opened.adapter;
    return { description: message.replace(/^infnet: /, '').replace(/ - .*/, ''), version: '' };
  }

  async prepare(workload: Workload, traced: Traced): Promise<Running> {
    return workload.kind === 'step' ? this.#prepareStep(workload, traced) : this.#preparePlan(traced);
  }

  ceilings(): Promise<Ceilings> {
    return measureCeilings(this.#context);
  }

  async #preparePlan({ graph, parameters, state, inputs, timed }: Traced): Promise<Running> {
    const store = new ParameterStore(this.#context, parameters);
    store.load(state());
    const plan = await preparePlan(this.#context, graph, { parameters: store, ...this.#planned });
    const results = floats(await plan.run(inputs));
    return {
      results: Object.fromEntries(Object.entries(results).filter(([name]) => !/^row/.test(name))),
      heldBytes: plan.memory.total,
      run: async () => void (await plan.run(inputs, { read: timed })),
      device: async () => {
        const begin = performance.now();
        for (let i = 0; i < BACK_TO_BACK; i++) await plan.run(inputs, { read: [] });
        await this.#context.device.queue.onSubmittedWorkDone();
        return (performance.now() - begin) / 1e3 / BACK_TO_BACK;
      },
      release: () => disposeAll(plan, store),
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
      device: async () => (await step.profile(inputs, rate)).seconds,
      release: () => disposeAll(step.plan, optimizer, store),
    };
  }

  get #planned(): { readonly precision: Precision; readonly tuning?: TuningChoices } {
    return { precision: this.#precision, ...(this.#tuning === undefined ? {} : { tuning: this.#tuning }) };
  }

  get #context(): Context {
    if (this.#opened !== undefined) return this.#opened;
    throw new InfnetError({ code: 'BENCH_NOT_LOADED', message: 'infnet was not loaded' });
  }
}

function floats(results: Results): Readonly<Record<string, Float32Array>> {
  return results as Readonly<Record<string, Float32Array>>;
}

async function disposeAll(plan: Plan, ...others: readonly { dispose(): void }[]): Promise<void> {
  plan.dispose();
  for (const other of others) other.dispose();
}
