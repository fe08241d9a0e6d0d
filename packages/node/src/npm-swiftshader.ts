/** The optional package `@infnet/swiftshader`: there, not there, or there but not for this platform. */
import type { SwiftShader } from '@infnet/swiftshader';

export type NpmSwiftShader =
  | { readonly installed: true; readonly icdPath: string; readonly libraryDir: string }
  | { readonly installed: boolean; readonly error: unknown; readonly icdPath?: undefined };

/** Unpacks SwiftShader if its package is installed; says why not otherwise. Never throws. */
export async function npmSwiftShader(): Promise<NpmSwiftShader> {
  let swiftshader: () => Promise<SwiftShader>;
  try {
    ({ swiftshader } = await import('@infnet/swiftshader'));
  } catch (error) {
    return { installed: false, error };
  }
  try {
    return { installed: true, ...(await swiftshader()) };
  } catch (error) {
    return { installed: true, error };
  }
}
