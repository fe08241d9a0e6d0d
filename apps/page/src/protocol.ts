/**
 * What the page and its worker say to each other.
 *
 * The page asks (`Request`), the worker answers once (`Answer`), and in between tells how far it is (`News`).
 * Everything is plain data for structured clone; large arrays are transferred. Errors travel as their parts, so that
 * the page can show what happened and what to do, and no `Error` has to survive the crossing.
 */

import type { CompareMethods } from './worker/compare-protocol.js';
import type { InspectMethods } from './worker/inspect-protocol.js';
import type { SegmentMethods } from './worker/segment-protocol.js';
import type { TaskMethods } from './worker/task-protocol.js';
import type { TrainMethods } from './worker/train-protocol.js';

export interface WireError {
  readonly code: string;
  /** What happened, one sentence. */
  readonly message: string;
  readonly where?: string;
  /** What to do. */
  readonly fix?: string;
}

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** One question the worker answers. */
export interface Method<Params, Result, Event = never> {
  readonly params: Params;
  readonly result: Result;
  readonly event: Event;
}

export interface AdapterReport {
  /** For people, e.g. `nvidia ampere`. */
  readonly name: string;
  readonly software: boolean;
  readonly kind: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface MemoryReport {
  /** Bytes and buffers that infnet holds on the device. */
  readonly bytes: number;
  readonly buffers: number;
  readonly pipelines: number;
}

interface CommonMethods {
  /** Opens the device. */
  adapter: Method<undefined, AdapterReport>;
  memory: Method<undefined, MemoryReport>;
  /** For tests: the device goes as if the driver had reset it. */
  destroyDevice: Method<undefined, undefined>;
}

export type Methods = CommonMethods & SegmentMethods & InspectMethods & TrainMethods & CompareMethods & TaskMethods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]['params'];
export type Result<M extends MethodName> = Methods[M]['result'];
export type EventOf<M extends MethodName> = Methods[M]['event'];

export type ToWorker =
  | { readonly kind: 'ask'; readonly id: number; readonly method: MethodName; readonly params: unknown }
  | { readonly kind: 'stop'; readonly id: number };

export type FromWorker =
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'news'; readonly id: number; readonly event: unknown }
  /** The device was lost; the next request opens another. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Stopped by the person: no error to show. */
export const STOPPED = 'STOPPED';
