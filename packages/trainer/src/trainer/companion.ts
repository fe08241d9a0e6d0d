/** What may live beside the parameters on the device while a training runs: the teacher of a mean-teacher training. */
import type { Context, Module, ParameterStore, StateDict } from '@infnet/core';

export interface CompanionSetting {
  readonly context: Context;
  readonly net: Module<never, unknown>;
  /** Of the net that is trained, loaded. */
  readonly parameters: ParameterStore;
  /** What `state` gave when the state from which training goes on was read; undefined at the start. */
  readonly state: StateDict | undefined;
}

export interface TrainerCompanion {
  /** The device and the parameters are there; called again after a lost device. */
  open(setting: CompanionSetting): Promise<void>;
  /** After every step of the optimiser, before the next batch is asked for (`prefetch: false`). */
  step(): Promise<void>;
  /** What belongs into a `TrainerState`, so that a resumed training has it too. */
  state(): Promise<StateDict>;
  /** Frees what `open` made; also called when `open` failed or never happened. */
  close(): void;
}
