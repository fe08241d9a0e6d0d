export const LIMIT: number;
export const TESTED: readonly string[];
export const LOADER: readonly string[];
export function isRuntimeFile(path: string): boolean;
export function runtimePackages(
  names: readonly string[],
  manifestOf: (name: string) => { readonly dependencies?: Readonly<Record<string, string>> },
): string[];
export function chooseGoldens(
  files: readonly { readonly path: string; readonly bytes: number }[],
  room: number,
): string[];
export function assertSize(parts: readonly { readonly name: string; readonly bytes: number }[], limit?: number): number;
export function megabytes(bytes: number): string;
