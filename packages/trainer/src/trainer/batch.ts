/** A batch of the caller's: checked, and copied, because the caller may reuse its arrays. */
import { elementCount, InfnetError, type TensorData } from '@infnet/core';
import type { TrainingData } from './data.js';

type Inputs = Readonly<Record<string, TensorData>>;

/**
 * @throws InfnetError `TRAINER_BATCH` for inputs that are missing, surplus or of the wrong length, naming the items.
 */
export function ownBatch(data: TrainingData, items: readonly number[], given: Inputs): Inputs {
  const refuse = (what: string): InfnetError => {
    const names = items.map((index) => data.name?.(index) ?? `item ${index}`).join(', ');
    return new InfnetError({
      code: 'TRAINER_BATCH',
      message: `the data set's batch of ${names} ${what}`,
      where: names,
      fix: `A batch has, for each of its items, ${Object.keys(data.inputs).join(', ')} of the shapes in \`data.inputs\`.`,
    });
  };
  const surplus = Object.keys(given ?? {}).filter((name) => !Object.hasOwn(data.inputs, name));
  if (surplus.length > 0) throw refuse(`has ${surplus.join(', ')}, which \`data.inputs\` does not have`);
  return Object.fromEntries(
    Object.entries(data.inputs).map(([name, spec]) => {
      const values = given?.[name];
      const needed = items.length * elementCount('shape' in spec ? spec.shape : spec);
      if (values === undefined) throw refuse(`has no "${name}"`);
      if (values.length !== needed) throw refuse(`has ${values.length} values in "${name}", ${needed} are needed`);
      return [name, values.slice()];
    }),
  );
}
