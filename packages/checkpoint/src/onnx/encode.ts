/**
 * Writes an ONNX model as protocol buffers. Field numbers are those of onnx.proto (https://github.com/onnx/onnx); a
 * field is written only where it says something.
 */
import { PbfWriter } from 'pbf';
import { checkpointError } from '../errors.js';
import {
  ELEMENT_TYPES,
  type ElementType,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.js';

/** A protocol buffer ends at 2 GiB; names and nodes need some of it. */
const MOST_BYTES = 2 ** 31 - 2 ** 24;

/** @throws InfnetError `CHECKPOINT_LIMIT` when the weights do not fit into one file of this format. */
export function encodeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const weights = model.constants.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (weights > MOST_BYTES) {
    throw checkpointError(
      'CHECKPOINT_LIMIT',
      `The weights take ${weights} bytes; an ONNX file holds less than 2 GiB.`,
      'Export a smaller net, or parts of it.',
    );
  }
  // Room for everything from the start: growing would copy the weights again and again.
  const pbf = new PbfWriter(new Uint8Array(weights + 256 * (model.nodes.length + model.constants.length) + 4096));
  pbf.writeVarintField(1, model.irVersion);
  pbf.writeStringField(2, model.producer);
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, (opset, out) => out.writeVarintField(2, opset), model.opset);
  for (const entry of Object.entries(model.metadata)) pbf.writeMessage(14, writePair, entry);
  return pbf.finish() as Uint8Array<ArrayBuffer>;
}

function writePair([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeGraph({ nodes, graphName, constants, inputs, outputs }: OnnxModel, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graphName);
  for (const constant of constants) pbf.writeMessage(5, writeTensor, constant);
  for (const value of inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of outputs) pbf.writeMessage(12, writeValue, value);
}

function writeNode({ name, type, inputs, outputs, attributes }: OnnxNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, type);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

/** Numbers of `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

function writeAttribute([name, attribute]: readonly [string, OnnxAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (attribute.kind === 'float') pbf.writeFloatField(2, attribute.value);
  else if (attribute.kind === 'int') pbf.writeVarintField(3, attribute.value);
  else if (attribute.kind === 'string') pbf.writeStringField(4, attribute.value);
  else for (const value of attribute.value) pbf.writeVarintField(8, value);
  pbf.writeVarintField(20, ATTRIBUTE_TYPES[attribute.kind]);
}

function writeTensor({ name, shape, data }: OnnxTensor, pbf: PbfWriter): void {
  for (const size of shape) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, ELEMENT_TYPES[elementTypeOf(data)]);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function elementTypeOf(data: OnnxTensor['data']): ElementType {
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof Int32Array) return 'i32';
  return data instanceof Uint32Array ? 'u32' : 'i64';
}

function writeValue({ name, type, shape }: OnnxValue, pbf: PbfWriter): void {
  const dimension = (size: number | string, out: PbfWriter): void => {
    if (typeof size === 'number') out.writeVarintField(1, size);
    else out.writeStringField(2, size);
  };
  pbf.writeStringField(1, name);
  pbf.writeMessage(
    2,
    (_, typeProto) => {
      typeProto.writeMessage(
        1,
        (_tensor, tensorType) => {
          tensorType.writeVarintField(1, ELEMENT_TYPES[type]);
          tensorType.writeMessage(
            2,
            (sizes, out) => {
              for (const size of sizes) out.writeMessage(1, dimension, size);
            },
            shape,
          );
        },
        0,
      );
    },
    0,
  );
}
