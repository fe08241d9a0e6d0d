/** Refuses a schedule that cannot fit, before anything is allocated, with the figures. */
import { InfnetError } from '@infnet/errors';
import type { DeviceLimits } from '../context/device-profile.js';
import type { Storage } from '../graph/operator.js';
import type { Schedule } from './schedule.js';

/**
 * @throws InfnetError `MEMORY_LIMIT` when one tensor is over the device's buffer or binding limit, `MEMORY_BUDGET` when
 * the whole plan is over `budget` bytes. `details` has the figures, the largest tensors first.
 */
export function assertFits(schedule: Schedule, limits: DeviceLimits, budget: number | undefined): void {
  const storages = [...schedule.allocations.flatMap(({ storages }) => storages), ...schedule.constantStorages];
  const largest = [...storages].sort((a, b) => b.bytes - a.bytes);
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const worst = largest[0];
  if (worst !== undefined && worst.bytes > limit) {
    throw new InfnetError({
      code: 'MEMORY_LIMIT',
      message:
        `a tensor of ${mebibytes(worst.bytes)} is over this device's limit of ${mebibytes(limit)} ` +
        `(maxBufferSize ${mebibytes(limits.maxBufferSize)}, ` +
        `maxStorageBufferBindingSize ${mebibytes(limits.maxStorageBufferBindingSize)})`,
      where: worst.label,
      fix: 'Use a smaller batch or image size, or let planInBatches split the batch.',
      details: { bytes: worst.bytes, limit, largest: figures(largest) },
    });
  }
  const { total } = schedule.memory;
  if (budget !== undefined && total > budget) {
    throw new InfnetError({
      code: 'MEMORY_BUDGET',
      message: `the plan needs ${mebibytes(total)}, the budget is ${mebibytes(budget)}`,
      fix: 'Raise the budget, use a smaller batch or image size, or let planInBatches split the batch.',
      details: { ...schedule.memory, budget, largest: figures(largest) },
    });
  }
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function figures(storages: readonly Storage[]): { readonly label: string; readonly bytes: number }[] {
  return storages.slice(0, 5).map(({ label, bytes }) => ({ label, bytes }));
}
