/** The operand (view, tensor, parameter) at an index that has one. */
export function operandAt<T>(operands: readonly T[], index: number): T {
  const operand = operands[index];
  if (operand === undefined) throw new Error(`there is no operand ${index} among ${operands.length}`);
  return operand;
}
