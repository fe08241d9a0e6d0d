import { getHeapStatistics } from 'node:v8';

/** Bytes of objects and of buffers beside the heap. */
export function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
