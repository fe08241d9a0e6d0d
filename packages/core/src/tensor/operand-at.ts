/** Operands (views, tensors, parameters) that are there: whoever asks for another one counted wrong. */

/** @throws Error where there is none. */
export function operandAt<T>(operands: readonly T[], index: number): T {
  const operand = operands[index];
  if (operand === undefined) throw new Error(`there is no operand ${index} among ${operands.length}`);
  return operand;
}

/** @throws Error where there is none of that name. */
export function operandNamed<T>(operands: Readonly<Record<string, T>>, name: string): T {
  const operand = operands[name];
  if (operand === undefined) throw new Error(`there is no operand "${name}" among ${Object.keys(operands).join(', ')}`);
  return operand;
}
