/**
 * Loaded before a program (`node --import`): its device is lost at certain calls of WebGPU. INFNET_LOSE says which, as
 * `submits:7,20` or `buffers:3`: the counts go on over all devices, one loss after the other.
 */
import { globals } from 'webgpu';

const [kind = '', list = ''] = (process.env.INFNET_LOSE ?? '').split(':');
const moments = list.split(',').map(Number);
const CALLS = { submits: ['GPUQueue', 'submit'], buffers: ['GPUDevice', 'createBuffer'] };
let device;
let calls = 0;

function wrap(name, method, after) {
  const { prototype } = globals[name];
  const original = prototype[method];
  prototype[method] = function (...args) {
    const result = original.apply(this, args);
    after(result);
    return result;
  };
}

wrap('GPUAdapter', 'requestDevice', (promise) => {
  void promise.then((opened) => {
    device = opened;
  });
});
const [name, method] = CALLS[kind] ?? [];
if (name !== undefined) {
  wrap(name, method, () => {
    if (moments.length === 0 || ++calls < moments[0]) return;
    calls = 0;
    moments.shift();
    console.error('infnet-soak: lost');
    const gone = device;
    queueMicrotask(() => gone?.destroy());
  });
}
