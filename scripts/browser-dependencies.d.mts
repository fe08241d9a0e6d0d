/** See `browser-dependencies.mjs`. */
export declare function browserDependencies(): string[];
