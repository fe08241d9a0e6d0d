/** The options of `infnet export` and their help. */
import { type Command, Option } from 'commander';
import { EXIT, type Io } from '../../io.js';
import { integer, needs, taskOption, weightsBackboneOption, weightsKeyOption } from '../../options.js';
import { EXPORTED_OUTPUTS, type ExportOptions } from './options.js';

const HELP = `
The input "image" is [batch, 3, size, size]: RGB of 0..1, less the ImageNet mean 0.485, 0.456, 0.406, divided by the ImageNet
deviation 0.229, 0.224, 0.225. The outputs have the image's size. Any runtime that reads ONNX opset 18 loads the file.

Exit codes: ${EXIT.ok} written, ${EXIT.setUp} not.`;

export function addExport(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('export')
    .summary('write a net as ONNX, for other runtimes')
    .description('Writes Inf-Net with its weights as an ONNX model. Needs no GPU.')
    .option('--weights <file>', 'required; checkpoint: .pth or .safetensors')
    .addOption(weightsKeyOption())
    .option('--out <file>', 'required; the .onnx file to write')
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .option('--batch <n>', 'slices per run of the net', integer(1, 1024), 1)
    .option('--open-batch', 'let the reader of the file choose the batch size', false)
    .addOption(
      new Option(
        '--outputs <which>',
        'the probability of infection (of each class), the logits it comes from (lateralMap2), or all maps of logits',
      )
        .choices(EXPORTED_OUTPUTS)
        .default(EXPORTED_OUTPUTS[0]),
    )
    .addOption(weightsBackboneOption())
    .addOption(taskOption())
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (options: ExportOptions, command: Command) => {
      needs(command, 'weights', 'out');
      const { exportNet } = await import('./export.js');
      done(await exportNet(options, io));
    });
}
