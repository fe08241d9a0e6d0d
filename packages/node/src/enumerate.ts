/**
 * Lists the adapters of Dawn, which has no call for it.
 *
 * `requestAdapter` gives one adapter. With the flag `adapter=NAME` Dawn gives the one whose device name contains NAME,
 * and fails with a list of all names when there is none: a name that no device has makes it tell.
 */
import process from 'node:process';
import { type AdapterInfo, type AdapterKind, adapterKind } from './adapter-kind.js';
import { type CreateGpu, gpuFor } from './dawn.js';
import { inDawn } from './polling.js';
import { gpuDevices, namedDriverFiles, withDriverFiles } from './vulkan.js';

/** Which adapters to look at. */
export interface View {
  readonly create: CreateGpu;
  /** Dawn flags, `key=value`. */
  readonly flags: readonly string[];
  readonly powerPreference: GPUPowerPreference;
  /** Linux: the only driver manifest to see; undefined: what the system has. */
  readonly driverFile?: string;
}

export interface FoundAdapter {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly info: AdapterInfo;
  readonly kind: AdapterKind | undefined;
}

/** The adapter that Dawn prefers in this view. */
export async function preferredAdapter(view: View, name?: string): Promise<FoundAdapter | undefined> {
  const flags = name === undefined ? view.flags : [...view.flags, `adapter=${name}`];
  const gpu = gpuFor(view.create, flags, view.driverFile ?? namedDriverFiles());
  const request = (): Promise<GPUAdapter | null> =>
    inDawn(() => gpu.requestAdapter({ powerPreference: view.powerPreference }));
  const adapter = await (view.driverFile === undefined ? request() : withDriverFiles(view.driverFile, request));
  if (adapter === null) return undefined;
  const { info } = adapter;
  return { gpu, adapter, info, kind: adapterKind(info) };
}

/** Every adapter of this view, the preferred one first. Devices of the same name count once. */
export async function allAdapters(view: View): Promise<FoundAdapter[]> {
  const first = await preferredAdapter(view);
  if (first === undefined) return [];
  const found = [first];
  const seen = new Set([first.info.device]);
  for (const name of await adapterNames(view)) {
    if (seen.has(slug(name))) continue;
    const other = await preferredAdapter(view, name);
    if (other === undefined || seen.has(other.info.device)) continue;
    seen.add(other.info.device);
    found.push(other);
  }
  return found;
}

/**
 * The adapter of the first of `kinds` that this view has. Dawn sorts discrete and integrated GPUs before CPUs, but
 * virtual GPUs behind them, so that one may hide behind a CPU on a machine with GPU device files.
 */
export async function findAdapter(view: View, kinds: readonly AdapterKind[]): Promise<FoundAdapter | undefined> {
  const first = await preferredAdapter(view);
  if (first === undefined) return undefined;
  const mayHideGpu = process.platform !== 'linux' || gpuDevices().length > 0;
  const best = kinds.find((kind) => kind !== 'gpu' || first.kind === 'gpu' || mayHideGpu);
  if (first.kind !== undefined && first.kind === best) return first;
  const all = await allAdapters(view);
  return kinds.map((kind) => all.find((found) => found.kind === kind)).find((found) => found !== undefined);
}

const NO_SUCH_NAME = '//no adapter has this name//';

/** The device names in Dawn's answer, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
async function adapterNames(view: View): Promise<string[]> {
  try {
    await preferredAdapter(view, NO_SUCH_NAME);
    return [];
  } catch (error) {
    return namesInMessage(error instanceof Error ? error.message : String(error));
  }
}

/** Reads the names from lines like ` * backend: 'vulkan', name: 'NVIDIA H100 80GB HBM3'`. */
export function namesInMessage(message: string): string[] {
  return [...message.matchAll(/^ \* backend: '[^']*', name: '(.*)'$/gm)].flatMap((match) => match[1] ?? []);
}

/** How Dawn writes a device name in `info.device`. */
function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
