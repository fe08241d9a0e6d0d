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

/** Edges kept in memory, so that they are not derived anew for every scale and epoch. */
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
      const real = items.filter(({ index }) => index < first);
      const theirs = real.length === 0 ? undefined : await labelled.batch(real);
      const rows: Inputs[] = [];
      let taken = 0;
      for (const item of items) {
        if (item.index < first) rows.push(rowOf(theirs as Inputs, inputs, taken++));
        else rows.push(await sampleOf({ ...item, index: images[item.index - first] as number }));
      }
      return joinRows(rows, inputs);
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
    const edge = (edgeOf as EdgeOf)(label).data;
    if (edges.size >= MOST_EDGES) edges.delete(edges.keys().next().value as number);
    edges.set(index, edge);
    return edge;
  };
  return async (request) => {
    const { index } = request;
    const label = await labelAt(store, index, imageName(unlabelled, index));
    if (unlabelled.sample !== undefined) return unlabelled.sample(label, request);
    const row: Record<string, TensorData> = { image: await unlabelled.images([index]), mask: unit(label.data) };
    if ('edge' in labelled.inputs) row['edge'] = unit(edgeAt(index, label));
    return row;
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
      return [name, (batch[name] as TensorData).subarray(row * size, (row + 1) * size)];
    }),
  );
}

/** @throws InfnetError `SEMI_DATA` for an input that is missing or of the wrong length. */
export function joinRows(rows: readonly Inputs[], inputs: TrainingData['inputs']): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, spec]) => {
      const size = elementsOf(spec);
      const type = ('dtype' in spec ? spec.dtype : undefined) ?? 'f32';
      const Values = type === 'f32' ? Float32Array : type === 'u32' ? Uint32Array : Int32Array;
      const whole = new Values(rows.length * size);
      for (const [i, row] of rows.entries()) {
        const values = row[name];
        if (values?.length !== size) {
          throw new InfnetError({
            code: 'SEMI_DATA',
            message: `"${name}" of a training image has ${values?.length ?? 'no'} values, ${size} are needed`,
            fix: 'Labels and images must have the size of the labelled inputs.',
          });
        }
        whole.set(values, i * size);
      }
      return [name, whole];
    }),
  );
}
