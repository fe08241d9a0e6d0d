/** What a parameter store refuses. */
import { InfnetError } from '@infnet/errors';
import type { DeviceFault } from '../context/capture.js';
import { kindOf } from '../tensor/host-data.js';
import type { Module } from './module.js';
import { Parameter } from './parameter.js';

/** The parameters of a module or of a list. @throws InfnetError `PARAMETER_SOURCE`. */
export function parametersOf(source: Pick<Module, 'parameters'> | readonly Parameter[]): readonly Parameter[] {
  const listed: unknown =
    typeof (source as Module)?.parameters === 'function' ? (source as Module).parameters() : source;
  if (Array.isArray(listed) && listed.every((item) => item instanceof Parameter)) return listed;
  throw new InfnetError({
    code: 'PARAMETER_SOURCE',
    message: `a parameter store is made of a module or of a list of parameters, got ${kindOf(listed)}`,
    where: 'ParameterStore',
    fix: 'Pass the module that is traced: new ParameterStore(context, net).',
  });
}

/**
 * Values are loaded, read and drawn by name.
 * @throws InfnetError `PARAMETER_NAMES` when two parameters have one name.
 */
export function assertNames(names: ReadonlyMap<Parameter, readonly string[]>): void {
  const owners = new Map<string, Parameter>();
  for (const [parameter, all] of names) {
    for (const name of all) {
      const other = owners.get(name);
      if (other !== undefined && other !== parameter) {
        throw new InfnetError({
          code: 'PARAMETER_NAMES',
          message: name === '' ? 'several parameters have no name' : `two parameters have the name "${name}"`,
          where: 'ParameterStore',
          fix: 'Put what has parameters into one module, whose properties name them, or set the names of parameters in a list.',
        });
      }
      owners.set(name, parameter);
    }
  }
}

/** `MEMORY_DEVICE` where the device had no memory left, else `code`. */
export function deviceError(code: string, fault: DeviceFault, fix: string): InfnetError {
  const noMemory = fault.kind === 'out-of-memory';
  return new InfnetError({
    code: noMemory ? 'MEMORY_DEVICE' : code,
    message: fault.error.message,
    fix: noMemory ? 'Use a smaller batch or image size, or dispose what is not needed any more.' : fix,
    cause: fault.error,
  });
}
