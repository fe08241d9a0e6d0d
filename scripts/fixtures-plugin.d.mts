import type { Plugin } from 'vite';

/** See `fixtures-plugin.mjs`. */
export interface FixtureIndex {
  files: Record<string, string>;
  url: string;
}
export declare function fixtureIndex(): FixtureIndex;
export declare function fixtures(index: FixtureIndex): Plugin;
