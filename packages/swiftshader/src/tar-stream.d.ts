/** What is used of `tar-stream`, which brings no types. */
declare module 'tar-stream' {
  interface Entry extends AsyncIterable<Uint8Array> {
    readonly header: { readonly name: string; readonly type: string; readonly mode: number };
  }
  export function extract(): AsyncIterable<Entry> & { end(archive: Uint8Array): void };
}
