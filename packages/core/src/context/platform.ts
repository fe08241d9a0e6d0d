import type { ExperimentalOptions } from './subgroup-matrix.js';

/** What a platform (Node, browser) must provide: an adapter, and one line that says what it is. */
export interface PlatformAdapter {
  readonly adapter: GPUAdapter;
  /** `gpu`, `llvmpipe`, `swiftshader`, or `browser` where the browser chose. */
  readonly kind: string;
  readonly software: boolean;
  /** One line: which adapter was taken, and that it is software when it is. */
  readonly message: string;
  /** What was asked for. */
  readonly experimental: ExperimentalOptions;
  /** Where the adapter computes on the CPU: bytes that can be allocated beside `used` ones, if the machine tells. */
  readonly memoryLeft?: (used: number) => number | undefined;
}

export interface PlatformOptions {
  /** Node only: which adapter to take. Default: the environment variable INFNET_ADAPTER, else `auto`. */
  readonly adapter?: 'auto' | 'gpu' | 'llvmpipe' | 'swiftshader';
  readonly powerPreference?: 'low-power' | 'high-performance';
  /**
   * What may change or fail. Default: nothing; in Node what the environment variable INFNET_EXPERIMENTAL lists
   * (`subgroup-matrix`).
   */
  readonly experimental?: ExperimentalOptions;
}

/** Dispatches that were submitted together. */
export type Submitted = readonly {
  /** Estimated, on adapters of this class. */
  readonly seconds: number;
  readonly dispatch: { readonly scope: string; readonly kernel: { readonly name: string } };
}[];

/** Who looks whether the device comes to an end. */
export interface Watch {
  /** Right after a submit. @param done settles when it has ended; without it, the next `wait` says so. */
  submitted(submitted: Submitted, done?: Promise<unknown>): void;
  /** What `promise` gives, which comes when all that is submitted now has ended; an error when that does not. */
  wait<T>(promise: Promise<T>): Promise<T>;
}
