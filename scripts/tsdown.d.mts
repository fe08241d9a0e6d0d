import type { UserConfig } from 'tsdown';

/** See `tsdown.mjs`. */
export declare function library(options?: { platform?: 'neutral' | 'node' }): UserConfig;
