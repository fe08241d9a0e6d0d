/** A training of the page: the engine's session, and pictures of what the net sees. Runs in Node too. */
import { probabilityToU8, resizeLabels, resizePillow, toGrey8 } from '@infnet/data';
import {
  lastBatchOf,
  lossOf,
  type SegmentationTask,
  type SessionParts,
  type SessionState,
  type TaskData,
  type TaskNet,
  type TrainingSession,
  trainingSession,
  type Validated,
  Validator,
} from '@infnet/segmentation';
import { encodePropagationState, encodeTrainerState } from '@infnet/trainer';
import type { OpenedData } from './train-data.js';
import type { Picture, TrainSettings } from './train-protocol.js';

/** Slices that are pictured, and predicted at once. */
const [PICTURED, BATCH] = [4, 4];

export interface TrainingParts extends Pick<SessionParts, 'open' | 'labels' | 'events'> {
  /** That of the settings. */
  readonly task: SegmentationTask;
  readonly settings: TrainSettings;
  readonly data: OpenedData;
  /** A state as {@link encodeState} made it. */
  readonly resume?: Uint8Array | undefined;
  onPictures?(pictures: readonly Picture[]): void;
}

/** @throws InfnetError as `trainingSession` */
export function openTraining({ task, settings, data, resume, onPictures, ...parts }: TrainingParts): TrainingSession {
  const { train, validation, unlabelled } = data;
  const { size } = settings;
  const net = task.net(settings.options);
  return trainingSession({
    ...parts,
    net,
    train,
    unlabelled,
    loss: lossOf(task, settings),
    lastBatch: lastBatchOf(size, net),
    settings: { ...settings, batch: Math.min(settings.batch, train.length) },
    stageValidateEvery: 1,
    ...(validation === undefined ? {} : { validate: validating({ task, net, size, data: validation }, onPictures) }),
    ...(resume === undefined ? {} : { resume: { bytes: resume } }),
  });
}

interface Validation {
  readonly task: SegmentationTask;
  readonly net: TaskNet;
  readonly size: number;
  readonly data: TaskData;
}

/** Figures of a net as it is, and pictures of the first slices. */
function validating(of: Validation, onPictures: TrainingParts['onPictures']): SessionParts['validate'] {
  const validator = new Validator({ ...of, batch: BATCH });
  return async ({ parameters }) => {
    const pictures: Picture[] = [];
    const figures = await validator.run(parameters, async (asked) => {
      if (pictures.length < PICTURED) pictures.push(await pictureOf(of, asked));
    });
    onPictures?.(pictures);
    return figures;
  };
}

async function pictureOf({ task, net, data, size }: Validation, asked: Validated): Promise<Picture> {
  const { index, slice, logits, found } = asked;
  const truth = await data.truth(index);
  const scores = task.scores();
  scores.add(found, truth);
  const { labels, probability } = net.interpret(logits, { width: size, height: size }, { size });
  return {
    name: data.names[index] ?? String(index),
    size,
    slice: Uint8Array.from(toGrey8(resizePillow(slice.image, size, size)).data),
    truth:
      task.classes.length === 2
        ? Uint8Array.from(resizePillow(truth, size, size).data, (value) => (value >= 128 ? 1 : 0))
        : resizeLabels(truth, size, size).data,
    found: labels.data,
    ...(probability === undefined ? {} : { probability: probabilityToU8(probability.data) }),
    dice: scores.figures['dice'] ?? Number.NaN,
  };
}

export function encodeState(kept: SessionState): Uint8Array {
  return kept.kind === 'trainer' ? encodeTrainerState(kept.state) : encodePropagationState(kept.state);
}
