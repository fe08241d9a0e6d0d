/** What `diagnose` answers: plain data, fit for JSON. */
import type { AdapterKind } from './adapter-kind.js';
import type { DriverFinding } from './driver-finding.js';
import type { ProbedAdapter } from './probe.js';

/** One sentence about this machine. */
export interface Finding {
  /** `problem`: nothing can run. `note`: something could be better, or explains what happens. `ok`: as it should be. */
  readonly severity: 'problem' | 'note' | 'ok';
  readonly what: string;
  readonly fix?: string;
}

/** An adapter that can be had. */
export interface AdapterFinding extends ProbedAdapter {
  /** Undefined for an adapter that infnet does not use, e.g. Windows' WARP. */
  readonly kind: AdapterKind | undefined;
  readonly type: 'gpu' | 'cpu';
  /** The driver and its version, as it names itself. */
  readonly driver: string;
  /** Linux: the manifest through which it was found. */
  readonly driverFile?: string;
}

/** The answer of {@link diagnose}: plain data, fit for JSON. */
export interface AdapterReport {
  /** e.g. `linux-x64`. */
  readonly platform: string;
  /** Node's version, e.g. `v20.20.2`. */
  readonly node: string;
  /** The npm package `webgpu`. */
  readonly dawn: { readonly installed: boolean; readonly version?: string; readonly reason?: string };
  /** Linux: where a Vulkan loader, libvulkan.so.1, comes from. */
  readonly loader?: 'system' | 'npm' | 'missing';
  /** The environment variables that have a say, as far as they are set. */
  readonly environment: Readonly<Record<string, string>>;
  /** Device files that belong to a GPU, e.g. `/dev/nvidia0`: there is hardware even if there is no driver. */
  readonly gpuDevices: readonly string[];
  readonly adapters: readonly AdapterFinding[];
  /** Linux: each Vulkan driver manifest, and what came of it. */
  readonly drivers: readonly DriverFinding[];
  /** The npm package `@infnet/swiftshader`. */
  readonly swiftshader: { readonly installed: boolean; readonly icdPath?: string; readonly reason?: string };
  /** What `openAdapter()` takes now; its error if it fails. */
  readonly taken: { readonly kind: AdapterKind; readonly message: string } | { readonly error: string };
  /** The above in sentences, the worst first, each with a `fix` where something can be done. */
  readonly findings: readonly Finding[];
}
