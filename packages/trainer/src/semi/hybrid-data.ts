/** Labelled and pseudo-labelled images as one data set: first the labelled ones, then the others in the order given. */
import { elementCount, InfnetError, type InputSpec, type TensorData } from '@infnet/core';
import type { ItemRequest, TrainingData } from '../trainer/data.js';
import { labelAt, type PseudoLabel, type PseudoLabelStore } from './labels.js';
import { imageName, type UnlabelledData } from './unlabelled.js';

export type EdgeOf = (mask: PseudoLabel) => { readonly data: Uint8Array };

export interface HybridOptions {
  readonly labelled: TrainingData;
  /** False: labelled images are left out. Default true. */
  readonly withLabelled?: boolean;
  readonly unlabelled: UnlabelledData;
  /** Indices of unlabelled images. */
  readonly images: readonly number[];
  readonly store: PseudoLabelStore;
  readonly edgeOf: EdgeOf | undefined;
}

/** Edges kept in memory, so that they are not derived again for every scale and epoch. */
const MOST_EDGES = 256;

type Inputs = Readonly<Record<string, TensorData>>;

export function hybridData(options: HybridOptions): TrainingData {
  const { labelled, withLabelled = true, unlabelled, images } = options;
  const { inputs } = labelled;
  const first = withLabelled ? labelled.length : 0;
  const sampleOf = pseudoSamples(options);
  return {
    length: first + images.length,
    inputs,
    name: (index) =>
      index < first
        ? (labelled.name?.(index) ?? `item ${index}`)
        : imageName(unlabelled, images[index - first] as number),
    async batch(items) {
      const whole = new Rows(inputs, items.length);
      const real = items.flatMap((item, row) => (item.index < first ? [{ item, row }] : []));
      // Values are copied as they come: the caller may reuse its arrays for the next ones.
      if (real.length > 0) {
        const theirs = await labelled.batch(real.map(({ item }) => item));
        for (const [i, { row }] of real.entries()) whole.set(row, rowOf(theirs, inputs, i));
      }
      for (const [row, item] of items.entries()) {
        if (item.index < first) continue;
        whole.set(row, await sampleOf({ ...item, index: images[item.index - first] as number }));
      }
      return whole.inputs;
    },
  };
}

/** The inputs of one pseudo-labelled image. */
function pseudoSamples({
  labelled,
  unlabelled,
  store,
  edgeOf,
}: HybridOptions): (request: ItemRequest) => Promise<Inputs> {
  const edges = new Map<number, Uint8Array>();
  const edgeAt = (index: number, label: PseudoLabel): Uint8Array => {
    const known = edges.get(index);
    if (known !== undefined) return known;
    const edge = (edgeOf as EdgeOf)(label).data.slice();
    if (edges.size >= MOST_EDGES) edges.delete(edges.keys().next().value as number);
    edges.set(index, edge);
    return edge;
  };
  return async (request) => {
    const { index } = request;
    const label = await labelAt(store, index, imageName(unlabelled, index));
    if (unlabelled.sample !== undefined) return unlabelled.sample(label, request);
    // Before the image, which may be long in coming while the label's array is used for another one.
    const mask = unit(label.data);
    const edge = 'edge' in labelled.inputs ? unit(edgeAt(index, label)) : undefined;
    const image = await unlabelled.images([index]);
    return { image, mask, ...(edge === undefined ? {} : { edge }) };
  };
}

function unit(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (byte) => byte / 255);
}

const elementsOf = (spec: InputSpec): number => elementCount('shape' in spec ? spec.shape : spec);

function rowOf(batch: Inputs, inputs: TrainingData['inputs'], row: number): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, spec]) => {
      const size = elementsOf(spec);
      return [name, batch[name]?.subarray(row * size, (row + 1) * size) as TensorData];
    }),
  );
}

/** A batch that is filled row by row. */
class Rows {
  readonly inputs: Inputs;
  readonly #specs: TrainingData['inputs'];

  constructor(specs: TrainingData['inputs'], count: number) {
    this.#specs = specs;
    this.inputs = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const type = ('dtype' in spec ? spec.dtype : undefined) ?? 'f32';
        const Values = type === 'f32' ? Float32Array : type === 'u32' ? Uint32Array : Int32Array;
        return [name, new Values(count * elementsOf(spec))];
      }),
    );
  }

  /** Copies the inputs of one item. @throws InfnetError `SEMI_DATA` for one that is missing or of the wrong length. */
  set(row: number, given: Inputs): void {
    for (const [name, spec] of Object.entries(this.#specs)) {
      const size = elementsOf(spec);
      const values = given[name];
      if (values?.length !== size) {
        throw new InfnetError({
          code: 'SEMI_DATA',
          message: `"${name}" of a training image has ${values?.length ?? 'no'} values, ${size} are needed`,
          fix: 'Labels and images must have the size of the labelled inputs.',
        });
      }
      (this.inputs[name] as TensorData).set(values, row * size);
    }
  }
}
