/**
 * Where a run is kept: a folder of Node, or whatever a page has. Paths are relative, parts of them separated by `/`.
 */
export interface RunStore {
  /** How people find what lies under a path. */
  where(path: string): string;
  /** The bytes, undefined where nothing is there. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * At every moment all of the old bytes or all of the new ones are there, whatever fails.
   *
   * @param options.keep where the old bytes are kept; what was there before them goes
   */
  write(path: string, bytes: Uint8Array, options?: { readonly keep?: string }): Promise<void>;
  /** Names of the files in a folder, sorted; none where there is no folder. `''`: the run's own. */
  list(folder: string): Promise<readonly string[]>;
  /** A file that there is, to write on in it. */
  open(path: string): Promise<OpenFile>;
}

export interface OpenFile {
  /** Writes all of it at an offset, over what is there. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Forces it to the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
