/** What Inspect knows. */
import { batch, type Signal, signal } from '@preact/signals';
import { Busy } from '../../app/busy.js';
import { announce, report } from '../../app/notices.js';
import { SMALL_NET } from '../../app/tasks.js';
import { labWorker } from '../../app/workers.js';
import type { DispatchReport, InspectReport, Measured, NetChoice } from '../../worker/inspect-protocol.js';

export const choice: Signal<NetChoice> = signal({
  from: 'options',
  task: 'infection',
  options: SMALL_NET,
  size: 96,
  batch: 1,
});
export const inspected: Signal<InspectReport | undefined> = signal(undefined);
export const measured: Signal<Measured | undefined> = signal(undefined);
const busy: Busy = new Busy();
export const { progress, running }: Pick<Busy, 'progress' | 'running'> = busy;
const { onEvent, run } = busy;
/** A dispatch of the kernel variant whose source is shown, and the text. */
export const source: Signal<{ readonly variant: string; readonly code: string } | undefined> = signal(undefined);

export function traceNet(): Promise<void> {
  return run(async (signal) => {
    const result = await labWorker().ask('inspect', { choice: choice.value }, { onEvent, signal });
    batch(() => {
      inspected.value = result;
      measured.value = undefined;
      source.value = undefined;
    });
    announce(`Traced: ${result.nodes.length} operators, ${result.dispatches.length} dispatches`);
  });
}

export function measure(): Promise<void> {
  return run(async (signal) => {
    measured.value = await labWorker().ask('measure', { runs: 3 }, { onEvent, signal });
    announce('Measured');
  });
}

export function variantOf({ kernel, constants }: DispatchReport): string {
  const names = Object.keys(constants).sort();
  return `${kernel}${names.length === 0 ? '' : ` {${names.map((name) => `${name} ${constants[name]}`).join(', ')}}`}`;
}

export async function showSource(dispatch: DispatchReport): Promise<void> {
  const variant = variantOf(dispatch);
  if (source.value?.variant === variant) {
    source.value = undefined;
    return;
  }
  try {
    const { code } = await labWorker().ask('kernelSource', { dispatch: dispatch.index });
    source.value = { variant, code };
  } catch (error) {
    report(error);
  }
}
