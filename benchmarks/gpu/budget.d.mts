export interface Step {
  readonly name: string;
  readonly limit: number;
  readonly minimum: number;
  readonly reserve: number;
}
export const TOTAL: number;
export const STEPS: readonly Step[];
export function scaled(steps: readonly Step[], total: number): Step[];
export function allowance(
  steps: readonly Step[],
  name: string,
  time: { readonly total: number; readonly elapsed: number },
): number;
