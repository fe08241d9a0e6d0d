/** Every option of `infnet segment`, a row each: type, help and README follow. */
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked } from '../../command.js';
import {
  ADAPTER_ROW,
  BATCH_ROW,
  PRECISION_ROW,
  TASK_ROW,
  TUNING_ROW,
  WEIGHTS_BACKBONE_ROW,
  WEIGHTS_ROW,
} from '../../options.js';

export const SEGMENT_OPTIONS = {
  weights: {
    ...WEIGHTS_ROW,
    help: "required; checkpoint: .pth (PyTorch's, read without running it) or .safetensors",
  },
  weightsKey: TRAIN_OPTIONS.weightsKey,
  out: { kind: 'text', value: 'folder', settled: true, help: 'required; where results go; made if missing' },
  size: TRAIN_OPTIONS.size,
  format: {
    kind: 'choice',
    values: ['png', 'npy'],
    default: 'png',
    help: 'npy adds <stem>.logits.npy: lateral map 2, float32, [1, 1, size, size]',
    readme: '`npy` adds the logits',
  },
  json: { kind: 'flag', help: 'print one JSON document on stdout and nothing else there' },
  threshold: {
    kind: 'number',
    value: 'p',
    above: 0,
    below: 1,
    default: 0.5,
    tasks: ['infection'],
    help: 'the mask is where the probability is at least this',
  },
  stretch: {
    kind: 'flag',
    help: "stretch each slice's probabilities to 0..1 as the released test code does, also where nothing is infected",
    readme: "the released test code's min-max stretch, see below",
  },
  range: {
    ...TRAIN_OPTIONS.range,
    help: '16-bit slices: which values become black and white: full, minmax or LOW,HIGH',
    readme: "16-bit slices: `full` (0..65535), `minmax` (each slice's own), or `LOW,HIGH`, e.g. `0,4095`",
  },
  window: {
    ...TRAIN_OPTIONS.window,
    help: 'volumes: which values become black and white: lung (-1350,150 Hounsfield units), minmax or LOW,HIGH',
    readme:
      "volumes: which values become black and white: `lung` (-1350,150 Hounsfield units), `minmax` (the volume's own), or `LOW,HIGH`",
  },
  orient: {
    ...TRAIN_OPTIONS.orient,
    help: "volumes: how slices lie for the net: released (on their side, the spine at the right, as the released slices), upright, or where right and down lead, e.g. PL; by the volume's affine. transposed, as-stored: whatever the affine says",
    readme:
      'volumes: how their axial slices lie for the net, by the affine: on their side with the spine at the right, as the released slices; `upright`; or where right and down lead in the patient (`PL`). `transposed` (i down, j to the right), `as-stored`: whatever the affine says',
  },
  batch: { ...BATCH_ROW, readme: 'slices per run of the net; cut to what fits the device' },
  backbone: WEIGHTS_BACKBONE_ROW,
  adapter: ADAPTER_ROW,
  tuning: TUNING_ROW,
  precision: {
    ...PRECISION_ROW,
    readme:
      '`exact`: the least noisy algorithms only; `fast` (default): all; `half`: weights stored as float16 where the adapter can, see below',
  },
  task: TASK_ROW,
  multiClass: {
    kind: 'flag',
    help: 'tell ground-glass from consolidation: --weights are of the U-Net of infnet train --multi-class',
  },
  priors: {
    kind: 'text',
    value: 'folder',
    tasks: ['classes'],
    help: 'multi-class: where the slices are infected, as <stem>.prob.png, <stem>.mask.png or <stem>.png',
    readme:
      "multi-class: folder with `<stem>.prob.png`, else `<stem>.mask.png`, else `<stem>.png` (or `.jpg`), grey, of each slice's size",
  },
  priorWeights: {
    kind: 'text',
    tasks: ['classes'],
    help: "multi-class: Inf-Net's weights, which say it instead",
    readme: "multi-class: Inf-Net's weights, which say it instead; `--stretch` stretches its maps as released",
  },
  priorWeightsKey: {
    kind: 'text',
    value: 'name',
    tasks: ['classes'],
    help: 'where the file of --prior-weights holds several nets: the name of one (ema, or ema/model), or what its keys begin with (student.)',
  },
  priorSize: {
    kind: 'whole',
    value: 'pixels',
    least: 16,
    most: 4096,
    tasks: ['classes'],
    help: "multi-class: Inf-Net's input size (default: --size)",
  },
  classFormat: {
    kind: 'choice',
    values: ['palette', 'grey', 'released'],
    default: 'palette',
    tasks: ['classes'],
    help: 'multi-class: colours, or greys 0, 1, 2, or the released greys 0, 38, 75',
  },
  channelOrder: {
    kind: 'choice',
    value: 'order',
    values: ['classes', 'as-released'],
    tasks: ['classes'],
    help: "multi-class: what the net's channels mean (default: as the file says)",
    readme:
      "multi-class: what the net's channels mean (default: as the file says): `classes`: channel k is class k; `as-released`: ground-glass, consolidation, background",
  },
  time: {
    kind: 'flag',
    default: true,
    help: 'leave the seconds out of summary.csv, so that two runs give identical bytes there too',
    readme: 'leaves seconds and time of day out of `summary.csv`',
  },
} as const satisfies OptionTable;

export interface SegmentOptions extends Asked<typeof SEGMENT_OPTIONS> {
  readonly paths: readonly string[];
}
