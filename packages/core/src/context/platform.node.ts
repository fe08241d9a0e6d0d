/** The Node side of `#platform`: `@infnet/node`, an optional peer, loaded only when a context is opened. */
import { InfnetError } from '@infnet/errors';
import type { PlatformAdapter, PlatformOptions } from './platform.js';

/** @throws InfnetError `DEVICE_NODE_NOT_INSTALLED`, and what `openAdapter` throws. */
export async function openPlatformAdapter(
  options: PlatformOptions,
  load: () => Promise<typeof import('@infnet/node')> = () => import('@infnet/node'),
): Promise<PlatformAdapter> {
  const { freeMemory, openAdapter } = await load().catch(explain);
  const opened = await openAdapter(options);
  return opened.software ? { ...opened, memoryLeft: leftOf(freeMemory) } : opened;
}

/** What of the machine's free memory may be taken: the rest is for JavaScript, the driver and other programs. */
const SHARE = 0.9;

/** What is left beside buffers of `used` bytes, of what the machine says to be free. Made before there are any. */
export function leftOf(free: () => number | undefined): (used: number) => number | undefined {
  let most = 0;
  const left = (used: number): number | undefined => {
    const told = free();
    if (told === undefined) return undefined;
    most = Math.max(most, SHARE * told);
    // Memory that was promised and not touched yet is free in name.
    return Math.max(0, Math.min(SHARE * told, most - used));
  };
  left(0);
  return left;
}

function explain(cause: unknown): never {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code !== 'ERR_MODULE_NOT_FOUND' || !/['"]@infnet\/node['"]/.test(String(message))) throw cause;
  throw new InfnetError({
    code: 'DEVICE_NODE_NOT_INSTALLED',
    message: 'open() needs the package @infnet/node in Node, which is not installed',
    fix: 'Run: npm i @infnet/node (Dawn, 132 MB). On a device of your own, fromDevice(device) needs nothing.',
    cause,
  });
}
