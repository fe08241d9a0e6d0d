/** See `wgsl-plugin.mjs`. The shape fits both vite's and rolldown's plugin type. */
export declare function wgsl(options?: { suffix?: string; compact?: boolean }): {
  name: string;
  enforce: 'pre';
  resolveId(id: string, importer: string | undefined): string | null;
  load(id: string): { code: string; map: null; moduleType: 'js' } | null;
};
/** The text of a kernel with its pieces in place; `onPiece` is told of every file that was included. */
export declare function readWgsl(file: string, onPiece?: (piece: string) => void): string;
