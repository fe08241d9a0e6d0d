/**
 * The program's own work: a feature map through one convolution and one reverse attention, in one pass and one submit.
 */
import { conv2dCall } from '@infnet/conv/kernels';
import { reverseAttentionCall } from '@infnet/reverse-attention';
import { createKernelPass } from './kernel-pass.js';

/** What goes in: features [1, 3, 8, 8], a 3x3 weight [6, 3, 3, 3], logits [1, 1, 4, 4]. */
export interface ProgramInputs {
  readonly features: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
  readonly logits: Float32Array<ArrayBuffer>;
}

const STORAGE = 0x80;
const COPY_SRC = 0x04;
const MAP_READ_COPY_DST = 0x01 | 0x08;

/** Runs on any device; every buffer, the encoder, the copy and the submit are made here. */
export async function runProgram(device: GPUDevice, inputs: ProgramInputs): Promise<Float32Array> {
  const convolved = 1 * 6 * 8 * 8 * 4;
  const buffers = {
    features: filledBuffer(device, 'features', inputs.features),
    weight: filledBuffer(device, 'weight', inputs.weight),
    logits: filledBuffer(device, 'logits', inputs.logits),
    convolved: device.createBuffer({ label: 'convolved', size: convolved, usage: STORAGE }),
    attended: device.createBuffer({ label: 'attended', size: convolved, usage: STORAGE | COPY_SRC }),
    readback: device.createBuffer({ label: 'readback', size: convolved, usage: MAP_READ_COPY_DST }),
  };
  const convolution = conv2dCall({ input: [1, 3, 8, 8], weight: [6, 3, 3, 3], padding: 1, activation: 'relu' });
  const attention = reverseAttentionCall({ features: [1, 6, 8, 8], logits: [1, 1, 4, 4] });
  const passes = [
    createKernelPass(device, convolution, { x: buffers.features, weight: buffers.weight, y: buffers.convolved }),
    createKernelPass(device, attention, { x: buffers.convolved, logits: buffers.logits, y: buffers.attended }),
  ];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const kernel of passes) kernel.encode(pass);
  pass.end();
  encoder.copyBufferToBuffer(buffers.attended, 0, buffers.readback, 0, convolved);
  device.queue.submit([encoder.finish()]);
  await buffers.readback.mapAsync(0x01);
  const result = new Float32Array(buffers.readback.getMappedRange().slice(0));
  for (const buffer of Object.values(buffers)) buffer.destroy();
  return result;
}

function filledBuffer(device: GPUDevice, label: string, data: Float32Array<ArrayBuffer>): GPUBuffer {
  const buffer = device.createBuffer({ label, size: data.byteLength, usage: STORAGE, mappedAtCreation: true });
  new Float32Array(buffer.getMappedRange()).set(data);
  buffer.unmap();
  return buffer;
}
