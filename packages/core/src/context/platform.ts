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
