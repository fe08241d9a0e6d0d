/** The Node side of `#platform`: Dawn, loaded only when a context is opened. */
import type { PlatformAdapter, PlatformOptions } from './platform.js';

export async function openPlatformAdapter(options: PlatformOptions): Promise<PlatformAdapter> {
  const { openAdapter } = await import('@infnet/node');
  return openAdapter(options);
}
