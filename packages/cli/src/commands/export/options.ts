/** `infnet export`: its options and its help. */
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked, Definition } from '../../command.js';
import { EXIT } from '../../io.js';
import { BATCH_ROW, JSON_ROW, TASK_ROW, WEIGHTS_BACKBONE_ROW, WEIGHTS_ROW } from '../../options.js';

const OPTIONS = {
  weights: WEIGHTS_ROW,
  weightsKey: TRAIN_OPTIONS.weightsKey,
  out: { kind: 'text', settled: true, help: 'required; the .onnx file to write' },
  size: TRAIN_OPTIONS.size,
  batch: BATCH_ROW,
  openBatch: { kind: 'flag', help: 'let the reader of the file choose the batch size' },
  outputs: {
    kind: 'choice',
    value: 'which',
    values: ['probability', 'logits', 'all'],
    default: 'probability',
    help: 'the probability of infection (of each class), the logits it comes from (lateralMap2), or all maps of logits',
  },
  backbone: WEIGHTS_BACKBONE_ROW,
  task: TASK_ROW,
  json: JSON_ROW,
} as const satisfies OptionTable;

export type ExportOptions = Asked<typeof OPTIONS>;

const HELP = `
The input "image" is [batch, 3, size, size]: RGB of 0..1, less the ImageNet mean 0.485, 0.456, 0.406, divided by the ImageNet
deviation 0.229, 0.224, 0.225. The outputs have the image's size. Any runtime that reads ONNX opset 18 loads the file.

Exit codes: ${EXIT.ok} written, ${EXIT.setUp} not.`;

export const EXPORT: Definition<typeof OPTIONS> = {
  name: 'export',
  summary: 'write a net as ONNX, for other runtimes',
  description: 'Writes Inf-Net with its weights as an ONNX model. Needs no GPU.',
  options: OPTIONS,
  needs: ['weights', 'out'],
  help: HELP,
};
