/** What an adapter is, read from its info. */

/** The adapters that infnet knows in Node. */
export type AdapterKind = 'gpu' | 'llvmpipe' | 'swiftshader';

/** A kind, or `auto`: the first that can be had, in the order of {@link ADAPTER_ORDER}. */
export type AdapterChoice = 'auto' | AdapterKind;

/** Fastest first: a GPU is 50 to 1000 times as fast as the others, and llvmpipe is faster than SwiftShader. */
export const ADAPTER_ORDER: readonly AdapterKind[] = ['gpu', 'llvmpipe', 'swiftshader'];

export const ADAPTER_CHOICES: readonly AdapterChoice[] = ['auto', ...ADAPTER_ORDER];

/** What of `GPUAdapterInfo` is read here. */
export type AdapterInfo = Pick<
  GPUAdapterInfo,
  'vendor' | 'architecture' | 'device' | 'description' | 'isFallbackAdapter'
>;

/** The adapter's kind; undefined for one that infnet does not use (Windows' WARP, Dawn's null backend). */
export function adapterKind(info: AdapterInfo): AdapterKind | undefined {
  if (info.architecture === 'swiftshader' || /swiftshader/i.test(info.description)) return 'swiftshader';
  if (/llvmpipe/i.test(info.description) || /llvmpipe/i.test(info.device)) return 'llvmpipe';
  if (info.isFallbackAdapter || info.device === 'null-backend') return undefined;
  return 'gpu';
}

/** A short name for a line of text: `llvmpipe (software, CPU, Mesa 25.0.7)`, `NVIDIA: 570.86 (nvidia, hopper)`. */
export function describeAdapter(kind: AdapterKind, info: AdapterInfo): string {
  if (kind === 'swiftshader') return 'SwiftShader (software, CPU)';
  if (kind === 'llvmpipe') {
    const mesa = /Mesa (\d+\.\d+\.\d+)/.exec(info.description)?.[1];
    return `llvmpipe (software, CPU${mesa === undefined ? '' : `, Mesa ${mesa}`})`;
  }
  const name = [info.device, info.description].find((text) => text !== '') ?? 'GPU';
  const family = [info.vendor, info.architecture].filter((text) => text !== '').join(' ');
  return family === '' ? name : `${name} (${family})`;
}
