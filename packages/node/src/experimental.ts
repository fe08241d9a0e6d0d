/** What may change or fail, and is therefore used only when asked for. */
import { InfnetError } from '@infnet/errors';

export interface Experimental {
  /** Tensor cores, through Dawn's experimental subgroup matrices. */
  readonly subgroupMatrix?: boolean;
}

const ENABLE = 'enable-dawn-features=';

/**
 * Dawn's flags, with what shows experimental features where one is asked for. Of two flags with one key Dawn takes the
 * last only.
 */
export function flagsFor(experimental: Experimental, flags: readonly string[]): string[] {
  if (experimental.subgroupMatrix !== true) return [...flags];
  const enabled = flags.filter((flag) => flag.startsWith(ENABLE)).at(-1);
  const names = [...(enabled?.slice(ENABLE.length).split(',') ?? []), 'allow_unsafe_apis'];
  return [...flags, `${ENABLE}${[...new Set(names)].join(',')}`];
}

const NAMES: Readonly<Record<string, keyof Experimental>> = { 'subgroup-matrix': 'subgroupMatrix' };

/**
 * Reads a comma-separated list of names.
 *
 * @throws InfnetError `DEVICE_UNKNOWN_EXPERIMENT`
 */
export function readExperimental(list: string | undefined): Experimental {
  const asked = (list ?? '').split(',').map((name) => name.trim());
  const known = asked.filter((name) => name !== '').map((name) => [NAMES[name] ?? unknown(name), true] as const);
  return Object.fromEntries(known);
}

function unknown(name: string): never {
  throw new InfnetError({
    code: 'DEVICE_UNKNOWN_EXPERIMENT',
    message: `There is no experiment '${name}'.`,
    where: 'the environment variable INFNET_EXPERIMENTAL',
    fix: `Use ${Object.keys(NAMES).join(', ')}, or leave it empty.`,
  });
}
