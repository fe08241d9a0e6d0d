/** See `ownTasks` in `vite.config.ts`. */
declare module 'page:tasks' {
  const tasks: readonly import('@infnet/segmentation').SegmentationTask[];
  export default tasks;
}
