/**
 * A task: a net with its meaning. It says what becomes of a slice before the net, what the net's logits mean, what it
 * learns from and how good an answer is. Whoever has one can segment slices and volumes, evaluate, label, train, resume
 * and export: nothing in those knows a net.
 *
 * A task is a plain value. `infection` and `classes` are two; `defineTask` makes one of a few functions.
 */
import type { CheckpointTensor, MetadataValue, NetSignature } from '@infnet/checkpoint';
import type { InputSpec, Module, Shape, Tensor } from '@infnet/core';
import type {
  AugmentationOptions,
  ByteImage,
  Colour,
  DataSource,
  DatasetItem,
  DatasetOptions,
  FloatMap,
  GreyImage,
  Problem,
  RgbImage,
  Splittable,
  VolumeHeader,
  VolumeWindow,
} from '@infnet/data';
import type { StepLoss, TrainingData } from '@infnet/trainer';
import type { TrainSettings } from './train/options.js';

export interface TaskClass {
  /** For people, e.g. `ground-glass opacity`: in tables. */
  readonly name: string;
  /** The same in a line, e.g. `ground-glass`. */
  readonly short: string;
  /** Begins the names of its figures, e.g. `groundGlass`: `groundGlassPixels`, `ground_glass_pixels`. */
  readonly key: string;
  readonly colour: Colour;
}

/** A slice as a task gets it, of any size. */
export interface TaskSlice {
  readonly image: ByteImage;
  /** Maps that the task asks for beside it, by name, bytes of the slice's size. */
  readonly companions?: Readonly<Record<string, GreyImage>>;
}

/** What a net is built with, as its file of weights remembers it. */
export type NetOptions = Readonly<Record<string, string | number | boolean>>;

/** One of them, as the command line and the page ask for it. */
export interface NetOption {
  readonly name: string;
  readonly summary: string;
  readonly value: string | number | boolean;
  /** Of a text: what it may be. */
  readonly choices?: readonly string[];
}

/** What one slice's answer is, at the slice's size. */
export interface Interpretation {
  /** The class of every pixel. */
  readonly labels: GreyImage;
  /** Of class 1, where a threshold tells two classes apart. */
  readonly probability?: FloatMap;
  /** The same at the net's size, as it left the net. */
  readonly netProbability?: FloatMap;
}

export interface InterpretOptions {
  /** Pixels per side of the net's input. */
  readonly size: number;
  /** Class 1 is where its probability is at least this. Default 0.5; without meaning for several classes. */
  readonly threshold?: number;
  /** The released test code's min-max stretch of probabilities. Default false. */
  readonly stretch?: boolean;
  /** Whose answer it is, for the error: a name, and what there is none of. Default `result for this slice`. */
  readonly where?: string;
  readonly what?: string;
}

/** A net that was built, with all that depends on how: what goes in, what comes out, what it learns. */
export interface TaskNet {
  /** Its parameters have the names of the checkpoints. */
  readonly module: Module<never, unknown>;
  readonly options: NetOptions;
  /** For people: `res2net50`, `multi-class U-Net`; and with its options: `res2net50, width 1, 32 channels`. */
  readonly name: string;
  readonly title: string;
  /** Sides of its input are multiples of this. */
  readonly sizeMultiple: number;
  /** One item's input by name, without the batch dimension. */
  inputShapes(size: number): Readonly<Record<string, Shape>>;
  input(slice: TaskSlice, size: number): Readonly<Record<string, Float32Array>>;
  /**
   * The net on a batch, traced: `logits` [N, C, size, size] and further maps by name. Nothing is computed for those
   * that nobody asks for.
   */
  forward(inputs: Readonly<Record<string, Tensor>>): Readonly<Record<'logits', Tensor> & Record<string, Tensor>>;
  /**
   * What one item's logits say of a slice. The only place that knows of sigmoid, argmax, stretch and resize.
   *
   * @param logits [C * options.size * options.size]
   * @throws InfnetError `RESULT_NOT_FINITE`: nothing is made of numbers that are none
   */
  interpret(
    logits: Float32Array,
    slice: { readonly width: number; readonly height: number },
    options: InterpretOptions,
  ): Interpretation;
  /** What its loss gets beside the inputs, of one item. @param variant one of the task's `losses` */
  targets(size: number, variant: string): Readonly<Record<string, InputSpec>>;
  /** The loss of one traced batch of the task's training data. @param variant one of the task's `losses` */
  loss(batch: Readonly<Record<string, Tensor>>, variant: string): Tensor | StepLoss;
}

/** A map that a task's results are written as: `<stem>.<name>.png`, of volumes `<stem>.<name>.nii.gz`. */
export interface TaskMap {
  readonly name: string;
  /** Whether it depends on the threshold, so that it says which. */
  readonly isCut: boolean;
  /** @param stretch draw at full contrast, as the released code does */
  png(found: Interpretation, options: { readonly stretch: boolean; readonly format: string }): Uint8Array;
  /** What of it goes into a volume, at the slice's size. */
  readonly values: (found: Interpretation) => FloatMap;
  /** Makes a voxel of 8 bit of a value. Default: float32, the value itself. */
  readonly voxel?: (value: number, threshold: number) => number;
}

/**
 * Figures by name; the first one decides what is best, the larger the better. Undefined quotients are left out or NaN.
 */
export type Figures = Readonly<Record<string, number>>;

/** Figures of many slices, one after the other. */
export interface Scores {
  add(found: Interpretation, truth: GreyImage): void;
  readonly figures: Figures;
}

/** As `openDataset` has them; what does not concern a task (masks, of class maps) is passed over. */
export interface TaskDataOptions extends Omit<DatasetOptions, 'layout' | 'root'> {
  /** Take pictures that lie at the top where there is no folder of slices. Default false. */
  readonly flat?: boolean;
}

/** A data set as a task reads it. `split` of `@infnet/data` takes it. */
export interface TaskData extends Splittable<TaskData> {
  readonly items: readonly DatasetItem[];
  readonly names: readonly string[];
  readonly warnings: readonly Problem[];
  slice(index: number): Promise<TaskSlice>;
  /** A mask (0 to 255) of tasks with two classes, else a class map. */
  truth(index: number): Promise<GreyImage>;
  /** Of the volume that an item is a slice of. @throws InfnetError `DATA_ARGUMENT` for a picture */
  volumeHeader(index: number): Promise<VolumeHeader>;
  /** @throws InfnetError `DATA_ARGUMENT` without labels */
  training(options: TrainingOptions): TrainingData;
}

export interface TrainingOptions {
  readonly net: TaskNet;
  readonly size: number;
  /** One of the task's `losses`, which may decide what the targets are. */
  readonly loss: string;
  readonly augmentation?: AugmentationOptions;
}

/** A file of weights, as far as a net is told from it. */
export interface WeightsContent {
  /** For errors. */
  readonly file?: string;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
}

/** The net that a file of weights is of. */
export interface Recognised {
  readonly net: TaskNet;
  /** Tensors that the file may lack. */
  isOptional(name: string): boolean;
  /** What is told of the net, by name, for documents. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a report says of its validations. */
export interface ValidationText {
  readonly note: string;
  /** Name, key of the figure, whether the curve is dashed. */
  readonly curves: readonly (readonly [name: string, key: string, dashed?: boolean])[];
  /** Columns of the table of the best and the last epoch, and its rows for one of them, as texts or figures. */
  readonly columns: readonly string[];
  rows(epoch: number, metrics: Readonly<Record<string, number>>): readonly (readonly (string | number | undefined)[])[];
  /** Figures to name in a line beside Dice and IoU: how they are called, and their keys. */
  readonly beside: readonly (readonly [name: string, key: string])[];
}

/** What a task says of its training beyond data and loss: settings of its own, and the words for its reports. */
export interface TaskTraining {
  /** What is trained, for titles: `Inf-Net`. */
  readonly title: string;
  /** Settings that are others than the usual ones where nobody gives them. */
  readonly defaults: Partial<TrainSettings>;
  /** What settings say of its net. Default: nothing, so that it is built as usual. */
  netOptions?(settings: TrainSettings): NetOptions;
  /** Why options of other tasks are refused, and what to do. */
  readonly foreign: { readonly why: string; readonly fix: string };
  /** Smallest side of the net's input at which it can be trained. */
  readonly leastSize?: { readonly size: number; readonly why: string };
  /** What the loss is, by its variant. */
  lossNote(loss: string): string;
  /** Names of the parts of the loss, for curves. */
  readonly parts: Readonly<Record<string, string>>;
  /** What the colours of pictures mean. */
  readonly legend: string;
  readonly validation: ValidationText;
  /** What a file of weights says of itself. @param origin what they were trained on */
  describe(net: TaskNet, size: number, origin: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

export interface SegmentationTask {
  /** `infection`, `classes`, or a user's own. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Class 0 is the background. Of two classes a threshold decides, of more the largest. */
  readonly classes: readonly TaskClass[];
  /** Maps beside a slice that the net asks for, by name; folders of a data set are called so, e.g. `Prior`. */
  readonly companions: readonly string[];
  readonly netOptions: readonly NetOption[];
  /** What volumes are shown through where nobody says otherwise. Default `lung`. */
  readonly window?: VolumeWindow;
  /** @throws InfnetError `MODULE_OPTION` */
  net(options: NetOptions): TaskNet;
  /** Names of tensors by which its weights are found behind any prefix; one list for each kind of net. */
  readonly signatures: readonly NetSignature[];
  /** @param asked overrides what the file says @returns undefined when the weights are of another net */
  recognise(weights: WeightsContent, asked: NetOptions): Recognised | undefined;
  readonly maps: readonly TaskMap[];
  /** The slice with the answer over it. */
  draw(
    slice: ByteImage,
    found: Interpretation,
    options: { readonly threshold?: number; readonly scale?: number },
  ): RgbImage;
  /** The slice with the truth over it. */
  drawTruth(slice: ByteImage, truth: GreyImage): RgbImage;
  scores(): Scores;
  /** Variants of the loss, the usual one first. */
  readonly losses: readonly string[];
  /** Settings and words of its training. */
  readonly training: TaskTraining;
  /** @throws InfnetError `DATA_DATASET` with all that is wrong, by file */
  openData(source: DataSource, options: TaskDataOptions): Promise<TaskData>;
}
