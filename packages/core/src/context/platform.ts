/** What a platform (Node, browser) must provide: an adapter, and one line that says what it is. */
export interface PlatformAdapter {
  readonly adapter: GPUAdapter;
  /** `gpu`, `llvmpipe`, `swiftshader`, or `browser` where the browser chose. */
  readonly kind: string;
  readonly software: boolean;
  /** One line: which adapter was taken, and that it is software when it is. */
  readonly message: string;
}

export interface PlatformOptions {
  /** Node only: which adapter to take. Default: the environment variable INFNET_ADAPTER, else `auto`. */
  readonly adapter?: 'auto' | 'gpu' | 'llvmpipe' | 'swiftshader';
  readonly powerPreference?: 'low-power' | 'high-performance';
}
