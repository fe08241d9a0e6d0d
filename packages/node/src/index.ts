/**
 * WebGPU for Node through Dawn: the choice of an adapter, what the machine has, and files that a failure cannot harm.
 */
export { ADAPTER_CHOICES, type AdapterChoice, type AdapterKind } from './adapter-kind.js';
export type { AdapterFinding, AdapterReport, Finding } from './adapter-report.js';
export { diagnose } from './diagnose.js';
export type { DriverFinding } from './driver-finding.js';
export type { Experimental } from './experimental.js';
export { readFile, type WriteOptions, writeFileAtomic } from './files.js';
export { type FolderLock, LOCK_FILE, lockFolder } from './folder-lock.js';
export { type FolderSource, folderSource } from './folder-source.js';
export { type FolderStore, folderStore, type OpenedFile } from './folder-store.js';
export { freeMemory } from './free-memory.js';
export { makeFolder } from './make-folder.js';
export { type OpenAdapterOptions, type OpenedAdapter, openAdapter } from './open-adapter.js';
export { removeLeftovers } from './temporary-files.js';
