/**
 * tfjs's WebGPU backend in Node. It looks for a browser's `navigator.gpu`; given one that hands out Dawn's adapter it
 * runs unchanged. The adapter is the one that infnet takes.
 */
import { openAdapter } from '@infnet/node';
import { peerVersion } from '../installed.js';
import { requireTfjs } from './bundle.js';
import type { LoadedTfjs } from './peer.js';

const BACKEND = '@tensorflow/tfjs-backend-webgpu';

export async function loadTfjs(): Promise<LoadedTfjs> {
  const opened = await openAdapter();
  const gpu = {
    requestAdapter: async () => (await openAdapter()).adapter,
    getPreferredCanvasFormat: () => 'bgra8unorm',
  };
  const value = { gpu, userAgent: 'node', platform: 'node' };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
  const tf = requireTfjs('webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs: setBackend("webgpu") gave false');
  await tf.ready();
  const adapter = opened.message.replace(/^infnet: /, '').replace(/ - .*/, '');
  return { tf, adapter, version: peerVersion(BACKEND) };
}
