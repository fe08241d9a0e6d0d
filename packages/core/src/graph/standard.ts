/**
 * Operators that others may know: a convolution that takes over a `relu`, an exporter that writes one as ONNX's `Relu`.
 *
 * A name does not say what an operator computes, since anybody may call theirs `relu`. So an operator that is to be
 * known is made here: the object carries a mark that holds the object itself. A copy (`{ ...reluOperator, lower }`) or
 * an heir has no mark of its own, and is an operator that nobody knows. The mark is found under a symbol that is the
 * same in every copy of this package, and by packages that do not import it.
 */
import type { Operator } from './operator.js';

const MARK: symbol = Symbol.for('infnet.standardOperator');

/**
 * Makes an operator known under its name, as one that computes what the field means by it: fusion rules and exporters
 * then take it for that.
 *
 * @returns the operator itself, frozen: what it computes cannot be changed afterwards.
 */
export function standardOperator<O extends Operator<never>>(operator: O): O {
  Object.defineProperty(operator, MARK, { value: operator, enumerable: false });
  return Object.freeze(operator);
}

/** The name under which an operator was made known; undefined for any other, whatever its name. */
export function standardName(operator: Operator): string | undefined {
  const mark = (operator as unknown as Readonly<Record<symbol, unknown>>)[MARK];
  return mark === operator ? operator.name : undefined;
}
