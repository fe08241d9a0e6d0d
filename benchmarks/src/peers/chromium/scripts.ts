/** Tools of the repository, which lie outside this package: found at run time, the same from `src` and from `dist`. */
export async function importScript<T>(name: string): Promise<T> {
  return (await import(/* @vite-ignore */ new URL(`../../../../scripts/${name}`, import.meta.url).href)) as T;
}
