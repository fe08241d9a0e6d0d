/** From the bytes of a checkpoint to a net that fits it, of one of the page's tasks. Runs in Node too. */
import { type Checkpoint, peelPrefix, readCheckpoint } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { InfnetError } from '@infnet/core';
import { sha256 } from '@infnet/data';
import { trainedOf, weightsOrigin } from '@infnet/inf-net';
import { loadNet, type SegmentationTask, TASK_NAME, type TaskNet } from '@infnet/segmentation';
import type { WeightsReport } from './segment-protocol.js';
import { taskReport } from './task-protocol.js';

export interface LoadedWeights {
  readonly task: SegmentationTask;
  readonly net: TaskNet;
  readonly state: StateDict;
  readonly report: WeightsReport;
}

/** @throws InfnetError `CHECKPOINT_...`, `WEIGHTS_UNKNOWN` when they are of no net of these tasks */
export async function readWeights(
  name: string,
  bytes: Uint8Array,
  tasks: readonly SegmentationTask[],
): Promise<LoadedWeights> {
  const checkpoint = readCheckpoint(bytes, { file: name });
  const { metadata } = checkpoint;
  const said = metadata.get(TASK_NAME);
  // That which the file names is asked first: others may have tensors of the same names.
  for (const task of [...tasks].sort((a, b) => Number(b.name === said) - Number(a.name === said))) {
    const { tensors } = peelPrefix(checkpoint, task.signatures);
    const found = loadNet(task, { tensors, metadata }, name);
    if (found === undefined) continue;
    const { net, state } = found;
    const trained = trainedOf(metadata, state);
    const report: WeightsReport = {
      name,
      format: checkpoint.format,
      task: taskReport(task),
      net: net.title,
      tensors: state.size,
      untrained: trained === 'false',
      ...weightsOrigin(metadata, trained),
      sha256: await sha256(bytes),
      size: sizeOf(checkpoint, net.sizeMultiple),
      sizeMultiple: net.sizeMultiple,
    };
    return { task, net, state, report };
  }
  throw unknown(name, checkpoint, tasks);
}

function unknown(name: string, { tensors }: Checkpoint, tasks: readonly SegmentationTask[]): InfnetError {
  const some = [...tensors.keys()].slice(0, 3).join(', ');
  const others = tasks.slice(1).map((task) => `, or of ${task.name}`);
  return new InfnetError({
    code: 'WEIGHTS_UNKNOWN',
    message: `These weights are of no Inf-Net${others.join('')}. The file has ${tensors.size} tensors, the first are ${some}.`,
    where: name,
    fix: 'Choose a checkpoint of Inf-Net: not of its backbone alone, and not of the multi-class U-Net.',
  });
}

function sizeOf({ metadata }: Checkpoint, multiple: number): number | undefined {
  const size = Number(metadata.get('size'));
  return Number.isInteger(size) && size > 0 && size % multiple === 0 ? size : undefined;
}
