/** Options that cannot work, told before anything starts. */
import { InfnetError } from '@infnet/core';
import type { PropagationOptions } from './options.js';
import { checkNumbers, type NumberRange, semiOption } from './options-check.js';
import type { Stages } from './stages.js';
import type { SemiStrategy } from './strategy.js';

const KNOWN = ['image', 'mask', 'edge'];

/** @throws InfnetError `SEMI_NO_LABELLED`, `SEMI_NO_UNLABELLED`, `SEMI_OPTION`. */
export function checkPropagation(options: PropagationOptions, stages: Stages, strategy: SemiStrategy): void {
  const { labelled, unlabelled, maxRounds = Infinity, predictBatch = 8, initial, resume } = options;
  if (labelled.length < 1)
    throw none('SEMI_NO_LABELLED', 'labelled', 'A net that has seen no mask cannot label others.');
  if (unlabelled.length < 1) throw none('SEMI_NO_UNLABELLED', 'unlabelled', 'Use Trainer for labelled images alone.');
  const ranges: Record<string, NumberRange> = {
    maxRounds: { value: maxRounds, least: 0, whole: true },
    predictBatch: { value: predictBatch, least: 1, most: 65536, whole: true },
  };
  for (const [name, { epochs, batchSize }] of Object.entries(stages)) {
    ranges[`stages.${name}.epochs`] = { value: epochs, least: 0, most: 1e9, whole: true };
    ranges[`stages.${name}.batchSize`] = { value: batchSize, least: 1, most: 65536, whole: true };
  }
  checkNumbers(ranges);
  if (stages.labelled.epochs === 0 && initial === undefined && resume === undefined) {
    throw semiOption('the stage `labelled` has 0 epochs, so there are no weights to label with', 'Give `initial`.');
  }
  checkInputs(options);
  strategy.check?.(unlabelled.length);
}

function checkInputs({ labelled, unlabelled, edgeOf }: PropagationOptions): void {
  const names = Object.keys(labelled.inputs);
  if (!names.includes('image')) throw semiOption(`the labelled data have ${names.join(', ')} but no "image"`);
  if (unlabelled.sample !== undefined) return;
  const unknown = names.filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0 || !names.includes('mask')) {
    const message = `the labelled data have the inputs ${names.join(', ')}; image, mask and edge can be made of a pseudo label`;
    throw semiOption(message, 'Give `unlabelled.sample`, which makes the inputs of one image and its label.');
  }
  if (names.includes('edge') && edgeOf === undefined) {
    throw semiOption('the loss takes an edge, and there is no `edgeOf`', 'Give binaryToEdge of @infnet/data.');
  }
}

function none(code: string, kind: string, fix: string): InfnetError {
  return new InfnetError({ code, message: `there are no ${kind} images`, fix });
}
