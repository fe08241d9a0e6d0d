/** The browser side of `#platform`: `navigator.gpu`, in a page or a worker. */
import { InfnetError } from '@infnet/errors';
import type { PlatformAdapter, PlatformOptions } from './platform.js';

export async function openPlatformAdapter(options: PlatformOptions): Promise<PlatformAdapter> {
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (gpu === undefined) {
    throw new InfnetError({
      code: 'DEVICE_NO_WEBGPU',
      message: 'this browser offers no WebGPU (navigator.gpu is missing)',
      fix: 'Use a current Chrome, Edge, Firefox or Safari, over https or from localhost.',
    });
  }
  const { powerPreference = 'high-performance' } = options;
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (adapter === null) {
    throw new InfnetError({
      code: 'DEVICE_NO_ADAPTER',
      message: 'WebGPU is there, but no adapter was given',
      fix: 'Enable hardware acceleration in the browser settings, or update the graphics driver (see chrome://gpu).',
    });
  }
  const { vendor, architecture, description, isFallbackAdapter = false } = adapter.info as GPUAdapterInfo;
  const name = [vendor, architecture, description].filter((part) => part !== '').join(' ') || 'unnamed adapter';
  const message = `infnet: ${name}${isFallbackAdapter ? ' (software, runs on the CPU)' : ''}`;
  const { experimental = {} } = options;
  return { adapter, kind: 'browser', software: isFallbackAdapter, message, experimental };
}
