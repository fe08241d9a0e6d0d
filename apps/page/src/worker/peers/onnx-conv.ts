/** An ONNX model of one convolution: the few messages of onnx.proto that it takes, as protocol buffers. */
import type { ConvCase } from '../compare-cases.js';
import { outExtent } from '../compare-cases.js';

type Bytes = readonly number[] | Uint8Array;

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return out;
}

const integer = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)];
const text = (field: number, value: string): Bytes => message(field, new TextEncoder().encode(value));

function joined(parts: readonly Bytes[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function message(field: number, ...parts: readonly Bytes[]): Uint8Array {
  const body = joined(parts);
  return joined([varint(field * 8 + 2), varint(body.length), body]);
}

/** AttributeProto: name = 1, ints = 8, type = 20 (INTS is 7). */
function integers(name: string, values: readonly number[]): Bytes {
  return message(5, text(1, name), ...values.map((value) => integer(8, value)), integer(20, 7));
}

/** ValueInfoProto with a tensor of float32: type = 2, tensor_type = 1, elem_type = 1 (FLOAT is 1), shape = 2. */
function value(field: number, name: string, shape: readonly number[]): Bytes {
  const dims = shape.map((extent) => message(1, integer(1, extent)));
  return message(field, text(1, name), message(2, message(1, integer(1, 1), message(2, ...dims))));
}

/** @param weight [outChannels, inChannels, kernel, kernel] */
export function onnxConv(one: ConvCase, weight: Float32Array): Uint8Array {
  const { inChannels, outChannels, extent, kernel, stride } = one;
  const out = outExtent(one);
  const pad = (kernel - 1) / 2;
  const node = message(
    1,
    text(1, 'x'),
    text(1, 'weight'),
    text(2, 'y'),
    text(4, 'Conv'),
    integers('kernel_shape', [kernel, kernel]),
    integers('pads', [pad, pad, pad, pad]),
    integers('strides', [stride, stride]),
  );
  const initializer = message(
    5,
    ...[outChannels, inChannels, kernel, kernel].map((extent) => integer(1, extent)),
    integer(2, 1),
    text(8, 'weight'),
    message(9, new Uint8Array(weight.buffer, weight.byteOffset, weight.byteLength)),
  );
  const graph = message(
    7,
    node,
    text(2, 'convolution'),
    initializer,
    value(11, 'x', [1, inChannels, extent, extent]),
    value(12, 'y', [1, outChannels, out, out]),
  );
  return joined([integer(1, 8), graph, message(8, text(1, ''), integer(2, 17))]);
}
