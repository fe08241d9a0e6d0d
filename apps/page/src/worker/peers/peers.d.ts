/** What the build makes of the peers: the libraries where `benchmarks/peers/node_modules` exists, else `undefined`. */
declare module 'peer:tfjs' {
  interface PeerTensor {
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  interface Tfjs {
    readonly version_core: string;
    setBackend(name: string): Promise<boolean>;
    ready(): Promise<void>;
    tensor4d(values: Float32Array, shape: readonly number[]): PeerTensor;
    transpose(x: PeerTensor, order: readonly number[]): PeerTensor;
    conv2d(x: PeerTensor, filter: PeerTensor, strides: number, pad: number): PeerTensor;
    tidy<T>(body: () => T): T;
    removeBackend(name: string): void;
  }
  export const tfjs: Tfjs | undefined;
}

declare module 'peer:ort' {
  interface OrtTensor {
    readonly data: unknown;
    getData(release?: boolean): Promise<unknown>;
    dispose(): void;
  }
  interface OrtSession {
    run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
    release(): Promise<void>;
  }
  interface Ort {
    readonly env: { wasm: { wasmPaths?: unknown; numThreads?: number }; readonly versions: { readonly web?: string } };
    readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
    readonly InferenceSession: {
      create(model: Uint8Array, options: { readonly executionProviders: readonly string[] }): Promise<OrtSession>;
    };
  }
  export const ort: Ort | undefined;
  /** Where its WebAssembly lies. */
  export const wasmUrl: string | undefined;
}
