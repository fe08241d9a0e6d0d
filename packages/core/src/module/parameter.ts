import { checkOptions } from '../kernel/options.js';
import { HOST_DTYPES, type HostDType, type Shape } from '../tensor/types.js';

/** How a parameter gets its first values. `fanIn` is the product of all dimensions but the first. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  /**
   * Uniform in +-1/sqrt(fanIn): the default of convolution weights and biases in the field. `fanIn` defaults to the
   * shape's.
   */
  | { readonly kind: 'uniformFanIn'; readonly fanIn?: number }
  /** Normal with deviation sqrt(2 / fanOut): He initialisation, fan-out mode, as the Res2Net backbone uses. */
  | { readonly kind: 'kaimingNormalFanOut'; readonly fanOut?: number };

export interface ParameterOptions {
  readonly dtype?: HostDType;
  /** `parameter` is trained; `buffer` is state (running statistics). Default `parameter`. */
  readonly role?: 'parameter' | 'buffer';
  readonly init?: Initializer;
  /** A scalar the reference stores but the net never reads (`num_batches_tracked`). */
  readonly unused?: boolean;
}

/** A named weight or statistic of a module: it describes; the values live in a `ParameterStore`. */
export class Parameter {
  readonly shape: Shape;
  readonly dtype: HostDType;
  readonly role: 'parameter' | 'buffer';
  readonly init: Initializer;
  readonly unused: boolean;
  /** Its `state_dict` key, e.g. `resnet.layer1.0.convs.0.weight`; set when the root module is named. */
  name = '';
  /** Its further keys, where one parameter is used at several places of a net (tied weights). */
  aliases: readonly string[] = [];

  /** @throws InfnetError `OPTION_...`. */
  constructor(shape: Shape, options: ParameterOptions = {}) {
    const roles = ['parameter', 'buffer'];
    const kinds = { 'role?': roles, 'dtype?': HOST_DTYPES, 'init?': 'object', 'unused?': 'flag' } as const;
    checkOptions('Parameter', options, kinds);
    this.shape = shape;
    this.dtype = options.dtype ?? 'f32';
    this.role = options.role ?? 'parameter';
    this.init = options.init ?? { kind: 'constant', value: 0 };
    this.unused = options.unused ?? false;
  }
}

/**
 * A stretch of memory that holds many parameters, as one flat parameter [elements]: an optimiser or a copy reaches all
 * of them in one dispatch. A {@link ParameterStore} makes its slabs; values are read and loaded through the members.
 */
export class ParameterSlab extends Parameter {
  /** First element of each member. */
  readonly members: ReadonlyMap<Parameter, number>;

  constructor(name: string, elements: number, members: ReadonlyMap<Parameter, number>, role: Parameter['role']) {
    super([elements], { role });
    this.name = name;
    this.members = members;
  }
}
