/** The Node side of `#platform`: `@infnet/node`, an optional peer, loaded only when a context is opened. */
import { InfnetError } from '@infnet/errors';
import type { PlatformAdapter, PlatformOptions } from './platform.js';

/** @throws InfnetError `DEVICE_NODE_NOT_INSTALLED`, and what `openAdapter` throws. */
export async function openPlatformAdapter(
  options: PlatformOptions,
  load: () => Promise<typeof import('@infnet/node')> = () => import('@infnet/node'),
): Promise<PlatformAdapter> {
  const { openAdapter } = await load().catch(explain);
  return openAdapter(options);
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
