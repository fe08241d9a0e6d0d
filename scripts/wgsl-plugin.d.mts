/** See `wgsl-plugin.mjs`. The shape fits both vite's and rolldown's plugin type. */
export declare function wgsl(): {
  name: string;
  enforce: 'pre';
  load(id: string): Promise<{ code: string; map: null; moduleType: 'js' } | null>;
};
