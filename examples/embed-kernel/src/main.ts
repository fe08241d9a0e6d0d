/** Runs the program in Node: `npm run build && node examples/embed-kernel/dist/main.js`. */
import { openAdapter } from '@infnet/node';
import { runProgram } from './program.js';

const { adapter, message } = await openAdapter();
const device = await adapter.requestDevice();
const ramp = (count: number, step: number) => Float32Array.from({ length: count }, (_, i) => ((i % 7) - 3) * step);
const result = await runProgram(device, { features: ramp(192, 0.5), weight: ramp(162, 0.1), logits: ramp(16, 1) });
console.log(message);
console.log(
  `reverse attention of a convolution, first values: ${[...result.slice(0, 6)].map((v) => v.toFixed(4)).join(' ')}`,
);
device.destroy();
