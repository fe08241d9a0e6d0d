/** A `.wgsl` file imports as its text; `scripts/wgsl-plugin.mjs` does it in tests, builds and pages. */
declare module '*.wgsl' {
  const source: string;
  export default source;
}
