/** See `ownTasks` in `vite.config.ts`. */
declare module 'page:tasks' {
  const tasks: readonly import('@infnet/segmentation').SegmentationTask[];
  export default tasks;
}

/** Where the build puts a worker. */
declare module '*?worker&url' {
  const url: string;
  export default url;
}
