/** See `wgsl-plugin.mjs`. The shape fits both vite's and rolldown's plugin type. */
export declare function wgsl(options?: { suffix?: string; compact?: boolean }): {
  name: string;
  enforce: 'pre';
  resolveId(id: string, importer: string | undefined): string | null;
  load(id: string): Promise<{ code: string; map: null; moduleType: 'js' } | null>;
};
