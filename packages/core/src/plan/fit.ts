/** Refuses a schedule that cannot fit, before anything is allocated, with the figures. */
import { InfnetError, isInfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import type { DeviceLimits } from '../context/device-profile.js';
import type { Storage } from '../graph/operator.js';
import { checkWorkgroups } from '../kernel/kernel.js';
import { sizes } from '../tensor/sizes.js';
import type { PlanOptions } from './options.js';
import type { Schedule } from './schedule.js';

/**
 * @throws InfnetError `MEMORY_LIMIT` when one tensor is over the device's buffer or binding limit, `MEMORY_BUDGET` when
 *   the whole plan is over `budget` bytes: `details` has the figures, the largest tensors first. `KERNEL_WORKGROUPS`
 *   when a dispatch has more workgroups in one dimension than the device takes.
 */
export function assertFits(schedule: Schedule, limits: DeviceLimits, budget: number | undefined): void {
  const storages = [
    ...schedule.allocations.flatMap(({ storages }) => storages),
    ...schedule.constantStorages,
    ...schedule.parameters.values(),
  ];
  const largest = [...storages].sort((a, b) => b.bytes - a.bytes);
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const worst = largest[0];
  const isParameter = worst?.kind === 'parameter' || worst?.kind === 'constant';
  if (worst !== undefined && worst.bytes > limit) {
    const [bytes, least, most, binding] = sizes(
      worst.bytes,
      limit,
      limits.maxBufferSize,
      limits.maxStorageBufferBindingSize,
    );
    throw new InfnetError({
      code: 'MEMORY_LIMIT',
      message:
        `a tensor of ${bytes} is over this device's limit of ${least} ` +
        `(maxBufferSize ${most}, maxStorageBufferBindingSize ${binding})`,
      where: worst.label,
      fix: isParameter ? 'Use a net with smaller layers, or another device.' : `Use ${smaller(schedule)}.`,
      details: { bytes: worst.bytes, limit, largest: figures(largest) },
    });
  }
  const { total } = schedule.memory;
  if (budget !== undefined && !(total <= budget)) {
    const [needed, given] = sizes(total, budget);
    throw new InfnetError({
      code: 'MEMORY_BUDGET',
      message: `the plan needs ${needed}, the budget is ${given}`,
      fix: `Raise the budget, or use ${smaller(schedule)}.`,
      details: { ...schedule.memory, budget, largest: figures(largest) },
    });
  }
  for (const dispatch of [...schedule.constantDispatches, ...schedule.dispatches]) {
    const { scope, operator, kernel, workgroups } = dispatch;
    const where = `${scope === '' ? operator : `${scope}, ${operator}`}, kernel ${kernel.name}`;
    checkWorkgroups(workgroups, limits.maxComputeWorkgroupsPerDimension, where);
  }
}

/**
 * @throws InfnetError `MEMORY_FREE` when what the plan must allocate is over what is known to be left: the parameters
 *   and the arena are there already.
 */
export function assertRoom(context: Context, schedule: Schedule, arena: PlanOptions['arena']): void {
  const { total, parameters, activations } = schedule.memory;
  const there = parameters + Math.min(activations, arena?.bytes ?? 0);
  context.assertRoom(total - there, { what: 'the plan', smaller: smaller(schedule), details: schedule.memory });
}

const TOO_LARGE = /^(MEMORY_(LIMIT|BUDGET|FREE)|KERNEL_(WORKGROUPS|RANGE|PARAMETERS))$/;

/** What a smaller batch or size may mend: memory, counts of workgroups, elements that u32 cannot count. */
export function isTooLarge(error: unknown): boolean {
  return isInfnetError(error) && TOO_LARGE.test(error.code);
}

/** What to make smaller: a batch of one item cannot be split. */
function smaller({ inputs }: Schedule): string {
  const items = new Set([...inputs.values()].map(({ type }) => type.shape[0] ?? 1));
  const [batch = 1] = items;
  if (items.size <= 1 && batch === 1) return 'a smaller image size';
  return 'a smaller batch or image size, or let planInBatches split the batch';
}

function figures(storages: readonly Storage[]): { readonly label: string; readonly bytes: number }[] {
  return storages.slice(0, 5).map(({ label, bytes }) => ({ label, bytes }));
}
