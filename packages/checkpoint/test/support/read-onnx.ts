/** Reads back what the exporter writes, by onnx.proto's field numbers and nothing of the exporter's own. */
import { PbfReader } from 'pbf';

/** Fields of a message, by number, in order. */
type Fields = Map<number, unknown[]>;

function fields(pbf: PbfReader, end: number, kinds: Readonly<Record<number, (pbf: PbfReader) => unknown>>): Fields {
  const found: Fields = new Map();
  while (pbf.pos < end) {
    const tag = pbf.nextField(end);
    if (tag === 0) break;
    const read = kinds[tag];
    if (read === undefined) throw new Error(`a field ${tag} that this test does not expect`);
    found.set(tag, [...(found.get(tag) ?? []), read(pbf)]);
  }
  return found;
}

const text = (pbf: PbfReader): string => pbf.readString();
const integer = (pbf: PbfReader): number => pbf.readVarint(true);
const number = (pbf: PbfReader): number => pbf.readFloat();
const bytes = (pbf: PbfReader): Uint8Array => pbf.readBytes().slice();

function message<T>(
  kinds: Readonly<Record<number, (pbf: PbfReader) => unknown>>,
  make: (get: <V>(tag: number) => V[]) => T,
): (pbf: PbfReader) => T {
  return (pbf) => {
    const end = pbf.readVarint() + pbf.pos;
    const found = fields(pbf, end, kinds);
    return make(<V>(tag: number) => (found.get(tag) ?? []) as V[]);
  };
}

export interface ReadNode {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ReadTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly values: readonly number[];
}

export interface ReadValue {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly (number | string)[];
}

const attribute = message({ 1: text, 2: number, 3: integer, 4: text, 8: integer, 20: integer }, (get) => {
  const [type] = get<number>(20);
  const value = { 1: get(2)[0], 2: get(3)[0], 3: get(4)[0], 7: get(8) }[type as 1 | 2 | 3 | 7];
  return [get<string>(1)[0] as string, value] as const;
});

const node = message({ 1: text, 2: text, 3: text, 4: text, 5: attribute }, (get): ReadNode => {
  const attributes = Object.fromEntries(get<readonly [string, unknown]>(5));
  return {
    name: get<string>(3)[0] as string,
    type: get<string>(4)[0] as string,
    inputs: get<string>(1),
    outputs: get<string>(2),
    attributes,
  };
});

const tensor = message({ 1: integer, 2: integer, 8: text, 9: bytes }, (get): ReadTensor => {
  const [type] = get<number>(2) as [number];
  const { buffer } = get<Uint8Array>(9)[0] as Uint8Array;
  const values = type === 7 ? [...new BigInt64Array(buffer as ArrayBuffer)].map(Number) : [...new Float32Array(buffer)];
  return { name: get<string>(8)[0] as string, shape: get<number>(1), type, values };
});

const dimension = message({ 1: integer, 2: text }, (get) => get(1)[0] ?? get(2)[0]);
const sizes = message({ 1: dimension }, (get) => get<number | string>(1));
const tensorType = message({ 1: integer, 2: sizes }, (get) => ({ type: get<number>(1)[0], shape: get(2)[0] }));
const type = message({ 1: tensorType }, (get) => get<{ type: number; shape: (number | string)[] }>(1)[0]);
const value = message({ 1: text, 2: type }, (get): ReadValue => {
  const { type: element, shape } = get<{ type: number; shape: (number | string)[] }>(2)[0] as {
    type: number;
    shape: (number | string)[];
  };
  return { name: get<string>(1)[0] as string, type: element, shape };
});

const graph = message({ 1: node, 2: text, 5: tensor, 11: value, 12: value }, (get) => ({
  name: get<string>(2)[0] as string,
  nodes: get<ReadNode>(1),
  constants: new Map(get<ReadTensor>(5).map((constant) => [constant.name, constant])),
  inputs: get<ReadValue>(11),
  outputs: get<ReadValue>(12),
}));
const opset = message({ 2: integer }, (get) => get<number>(2)[0]);
const pair = message({ 1: text, 2: text }, (get) => [get<string>(1)[0], get<string>(2)[0]] as const);

export interface ReadModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly name: string;
  readonly nodes: readonly ReadNode[];
  readonly constants: ReadonlyMap<string, ReadTensor>;
  readonly inputs: readonly ReadValue[];
  readonly outputs: readonly ReadValue[];
}

export function readOnnx(file: Uint8Array): ReadModel {
  const found = fields(new PbfReader(file), file.length, { 1: integer, 2: text, 7: graph, 8: opset, 14: pair });
  const [net] = found.get(7) as ReturnType<typeof graph>[];
  return {
    irVersion: found.get(1)?.[0] as number,
    opset: found.get(8)?.[0] as number,
    producer: found.get(2)?.[0] as string,
    metadata: Object.fromEntries((found.get(14) ?? []) as (readonly [string, string])[]),
    ...(net as ReturnType<typeof graph>),
  };
}
