/** The options of `infnet train`, as the command line gives them. */
import type { DepthOptions, SliceOrientation, VolumeWindow } from '@infnet/data';
import type { BackboneName } from '@infnet/inf-net';
import type { AdapterChoice } from '@infnet/node';

export const SCHEDULES = ['step', 'constant', 'cosine', 'as-released'] as const;
export const OPTIMIZERS = ['adam', 'adamw', 'sgd'] as const;
/** `cross-entropy` is of multi-class trainings, `paper` and `dice` of the others. */
export const LOSSES = ['as-released', 'paper', 'dice', 'cross-entropy'] as const;
export const AUGMENTATIONS = ['none', 'mild'] as const;
export const EDGES = ['files', 'derive'] as const;
export const STRATEGIES = ['random', 'confidence', 'mean-teacher'] as const;
export const LABELS = ['stretched', 'probability'] as const;
export const STARTS = ['anew', 'continue'] as const;
/** A step changes all weights, so that none stay float16: `half` would be `fast`. */
export const PRECISIONS = ['fast', 'exact'] as const;
/** Of one slice or volume alone nothing is validated by default. */
export const DEFAULT_VALIDATE = '0.2';
export const EMPTY_MASKS = ['keep', 'drop'] as const;
export const MASKS = ['binary', 'soft', 'nonzero', 'threshold'] as const;

/** What a training depends on: written to `config.json` and read back by `--resume`. */
export interface TrainSettings {
  readonly data: string;
  /** Pixels per side of the net's input. */
  readonly size: number;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly schedule: (typeof SCHEDULES)[number];
  readonly optimizer: (typeof OPTIMIZERS)[number];
  /** Of `sgd`. Default 0.9. */
  readonly momentum?: number;
  readonly weightDecay: number;
  /** Elementwise clamp of gradients; 0: none. */
  readonly clip: number;
  /** Largest norm of all gradients together; 0: any. */
  readonly clipNorm: number;
  readonly loss: (typeof LOSSES)[number];
  readonly scales: readonly number[];
  /** Batches per step. */
  readonly accumulate: number;
  readonly seed: number;
  readonly backbone: BackboneName;
  readonly width: number;
  readonly channels: number;
  /** Checkpoint to start from; backbone, width and channels are then told from it. */
  readonly weights?: string;
  /** Checkpoint of the backbone alone to start from; the rest starts from the seed. */
  readonly backboneWeights?: string;
  /** Which of several nets in either file. */
  readonly weightsKey?: string;
  /** What those were trained on, in the words of their file. */
  readonly startedFrom?: string;
  /** `every-fifth`, `none`, `train`, positions like `4,9,14`, or a share like `0.2`. */
  readonly validate: string;
  readonly validateEvery: number;
  readonly patience: number;
  readonly augment: (typeof AUGMENTATIONS)[number];
  readonly edges: (typeof EDGES)[number];
  readonly masks: (typeof MASKS)[number];
  /** What becomes black and white in 16-bit pictures; absent: `full`. */
  readonly range?: NonNullable<DepthOptions['range']>;
  /** What becomes black and white in volumes; absent in runs begun when there were none: `lung`. */
  readonly window?: VolumeWindow;
  /** How slices of volumes lie; absent: `released`. */
  readonly orient?: SliceOrientation;
  /** What happens to slices whose mask is empty; absent: `keep`. */
  readonly emptyMasks?: (typeof EMPTY_MASKS)[number];
  /** Most MiB of decoded slices kept in memory; absent: 1024. */
  readonly cache?: number;
  readonly skipBad: boolean;
  readonly freezeBatchNorm: boolean;
  /** Parameters whose names begin so are not trained. */
  readonly freeze: readonly string[];
  readonly recompute: boolean;
  /** Of all kernels; absent in runs begun when `exact` was the only one. */
  readonly precision?: (typeof PRECISIONS)[number];
  /** Steps between snapshots within an epoch; 0: only at its end. */
  readonly snapshotEvery: number;
  /** Epochs between states. */
  readonly snapshotEpochs: number;
  /** Slices whose overlays are kept by epoch. */
  readonly samples: number;
  /** The second stage: a U-Net that tells ground-glass from consolidation. */
  readonly multiClass?: boolean;
  /** Semi-supervised; the settings below are of that alone. */
  readonly semi: boolean;
  readonly unlabelled?: string;
  readonly strategy: (typeof STRATEGIES)[number];
  /** Unlabelled slices per round: K of the paper, or the pool that the surest are taken from. */
  readonly group: number;
  /** With `confidence`: the share of the pool that is accepted. */
  readonly accept: number;
  readonly roundEpochs: number;
  readonly roundLr: number;
  readonly maxRounds: number;
  readonly teacherEpochs: number;
  readonly pseudoEpochs: number;
  readonly pseudoStart: (typeof STARTS)[number];
  readonly finetuneEpochs: number;
  readonly labels: (typeof LABELS)[number];
}

export interface TrainOptions
  extends Omit<TrainSettings, 'data' | 'clip' | 'pseudoEpochs' | 'finetuneEpochs' | 'startedFrom'> {
  readonly data?: string;
  /** Default: the released 0.5, or with `clipNorm` none. */
  readonly clip?: number;
  /** Default: `epochs`. */
  readonly pseudoEpochs?: number;
  /** Default: `epochs`. */
  readonly finetuneEpochs?: number;
  /** The run folder. */
  readonly out: string;
  readonly resume: boolean;
  readonly json: boolean;
  readonly adapter?: AdapterChoice;
  /** A file of `infnet tune`. */
  readonly tuning?: string;
  /** Names of the options that were given on the command line: on `--resume` the others come from `config.json`. */
  readonly given: readonly string[];
}
