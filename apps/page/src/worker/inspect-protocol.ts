/** What the worker does for Inspect. */
import type { NetOptions } from '@infnet/segmentation';
import type { Method, Progress } from '../protocol.js';

export interface NetChoice {
  /** The weights that were loaded last, or a net without weights. */
  readonly from: 'weights' | 'options';
  readonly task: string;
  readonly options: NetOptions;
  readonly size: number;
  readonly batch: number;
}

/** A node of the traced graph. */
export interface NodeReport {
  readonly scope: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: string;
}

/** One dispatch. */
export interface DispatchReport {
  readonly index: number;
  readonly scope: string;
  readonly operator: string;
  readonly kernel: string;
  readonly constants: Readonly<Record<string, number | boolean | string>>;
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly number[];
  /** Threads of a workgroup, read from the text. */
  readonly workgroupSize: readonly number[];
  /** Operands with their shapes. */
  readonly operands: readonly string[];
  readonly flops: number;
  readonly bytes: number;
}

export interface TracedNet {
  readonly task: string;
  readonly options: NetOptions;
  /** For people. */
  readonly title: string;
  readonly size: number;
  readonly batch: number;
  /** Name and hash of the file of weights; absent for a net without. */
  readonly weights?: string;
  readonly weightsSha256?: string;
}

export interface InspectReport {
  /** What was traced. */
  readonly net: TracedNet;
  readonly nodes: readonly NodeReport[];
  readonly dispatches: readonly DispatchReport[];
  readonly constantDispatches: number;
  readonly parameters: number;
  readonly memory: Readonly<Record<string, number>>;
}

export interface Measured {
  /** GPU seconds of every dispatch, the median of the runs; undefined where the adapter has no timestamp queries. */
  readonly seconds: readonly number[] | undefined;
  /** Wall seconds of a run, the median. */
  readonly wall: number;
  readonly runs: number;
  /** The trace for Perfetto. */
  readonly trace: string | undefined;
}

export interface InspectMethods {
  inspect: Method<{ readonly choice: NetChoice }, InspectReport, Progress>;
  kernelSource: Method<{ readonly dispatch: number }, { readonly code: string }>;
  measure: Method<{ readonly runs: number }, Measured, Progress>;
}
