/**
 * What parent and peers say to each other. Every library runs in a process of its own: its crash is its own result, it
 * cannot disturb another's memory, and each sees the drivers that it is meant to see. The parent asks one peer at a
 * time.
 */

import type { Traced } from './workloads.js';

/** Everything that can be measured, as plain data: every peer builds it for itself from the same seeds. */
export type Workload =
  /** A net in inference. */
  | {
      readonly kind: 'forward';
      readonly net: NetName;
      readonly batch: number;
      readonly size: number;
      /** Smaller weights, so that no map leaves float16. */
      readonly damped?: boolean;
    }
  /** One convolution, `copies` times with different weights, so that a run is not too short for the clock. */
  | ({ readonly kind: 'layer'; readonly copies: number } & LayerShape)
  /** A convolution with the gradients of its input and its weights. */
  | ({ readonly kind: 'gradients' } & LayerShape)
  /**
   * A training step: forward, loss, all gradients, batch norm with the batch's statistics, Adam. `ownLoss`: the loss
   * that Inf-Net is trained with, and its clamp of gradients, instead of a mean square.
   */
  | {
      readonly kind: 'step';
      readonly net: NetName;
      readonly batch: number;
      readonly size: number;
      readonly ownLoss?: boolean;
    }
  /** Tiny operators one after the other: what each costs beside its work. */
  | { readonly kind: 'chain'; readonly length: number };

export type NetName = 'inf-net' | 'res2net50';

export interface LayerShape {
  /** [n, c, h, w] */
  readonly input: readonly number[];
  /** [oc, c / groups, kh, kw] */
  readonly weight: readonly number[];
  readonly stride: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** The three parts of a convolution's work in training, each alone. */
export const PASSES = ['forward', 'inputGradient', 'weightGradient'] as const;

export type PassName = (typeof PASSES)[number];

/** See `peer-table.ts`. */
export type PeerName =
  | 'infnet'
  | `infnet-${'exact' | 'tuned' | 'half' | 'matrix'}`
  | `ort-${'webgpu' | 'cpu'}`
  | 'tfjs'
  | `${'infnet' | 'ort' | 'tfjs'}-chromium`
  | `torch-${'cpu' | 'fp32' | 'cuda' | 'compile'}`
  | 'cudnn'
  | 'cudnn-tf32';

/** Those that live in a page of headless Chromium. */
export type ChromiumPeerName = Extract<PeerName, `${string}-chromium`>;

export function isInChromium(name: PeerName): name is ChromiumPeerName {
  return name.endsWith('-chromium');
}

/** Ours where the peer is: what its times are divided by. A browser may have another adapter than Node. */
export function referenceOf(name: PeerName): PeerName {
  return isInChromium(name) ? 'infnet-chromium' : 'infnet';
}

/** The option by which this program becomes a peer's process. */
export const CHILD_OPTION = 'peer-process';

/** Parts of the suite. */
export const PARTS = ['forward', 'layer', 'public', 'gradients', 'step', 'card', 'matrix', 'overhead'] as const;

export type Part = (typeof PARTS)[number];

/** What can be asked for: start-up has no cases, but processes of its own. */
export type AskablePart = Part | 'startup';

export const ASKABLE_PARTS: readonly AskablePart[] = [...PARTS, 'startup'];

/** What a peer says of itself once it is loaded. */
export interface Loaded {
  /** Library and version, adapter or device. */
  readonly description: string;
  readonly version: string;
  /** Seconds to import the library and open its device. */
  readonly seconds: number;
}

/** What preparing a workload gives. */
export interface Prepared {
  /** Results of the first run, for the comparison: values by name, NCHW. */
  readonly results: Readonly<Record<string, Float32Array>>;
  /** From the net's description to the first result. */
  readonly firstSeconds: number;
  /** What the library itself says that it holds, in bytes, where it says so. */
  readonly heldBytes?: number;
  /**
   * Growth of the process's memory since before, in bytes, where it can be known; of a browser, of all its processes.
   */
  readonly processBytes?: number;
  /** What else is to be known of how it was done. */
  readonly note?: string;
}

/** Seconds on the device by what ran: `run`, or the {@link PASSES} of a convolution. */
export type DeviceSeconds = Readonly<Record<string, number>>;

/** Who measures ceilings: ours in both places, and PyTorch on its card. */
export const CEILING_PEERS = ['infnet', 'infnet-chromium', 'torch-fp32'] as const;

export type CeilingPeer = (typeof CEILING_PEERS)[number];

/** The measured limits of the adapter. */
export interface Ceilings {
  /** FLOP/s of multiply-adds in registers; PyTorch: of a large product. */
  readonly compute: number;
  /** Bytes/s of reading one large buffer and writing another. */
  readonly bandwidth: number;
}

/** What the parent asks, one at a time; what comes back stands at {@link Asked} and {@link Loaded}. */
export interface Request {
  readonly name: 'load' | 'prepare' | 'sample' | 'device' | 'release' | 'ceilings';
  /** Of `prepare`. */
  readonly workload?: Workload;
}

export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** What a case needs of a peer; a process, or a stand-in for tests. */
export interface Asked {
  readonly name: PeerName;
  /** `share`: of the time that there is, where it is short. */
  prepare(workload: Workload, share: number): Promise<Prepared>;
  /** Seconds of one timed run of what was prepared last. */
  sample(): Promise<number>;
  /** Of one run on data that lies on the device, where that can be told. */
  device?(): Promise<DeviceSeconds | undefined>;
  release(): Promise<void>;
}

/** A library that takes part. Its methods run one at a time. */
export interface Peer {
  load(): Promise<Omit<Loaded, 'seconds'>>;
  /** Whether it differentiates by itself, so that it takes graphs without gradients. */
  readonly differentiates: boolean;
  /** Prepares a workload, given as a trace, and runs it once. The one before was released. */
  prepare(workload: Workload, traced: Traced): Promise<Running>;
  ceilings?(): Promise<Ceilings>;
}

/** A prepared workload. */
export interface Running extends Pick<Prepared, 'results' | 'heldBytes' | 'note'> {
  /** One run, from inputs in JavaScript's memory to results in JavaScript's memory. */
  run(): Promise<void>;
  /** See {@link Asked.device}. */
  device?(): Promise<DeviceSeconds | undefined>;
  release(): Promise<void>;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
