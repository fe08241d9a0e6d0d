/** Weights that ship with the page, if the build found some in `public/weights`. */
declare const __BUILTIN_WEIGHTS__: string;

export const builtinWeights: { readonly name: string; readonly url: string | undefined } = {
  name: 'phantom.safetensors',
  url: __BUILTIN_WEIGHTS__ === '' ? undefined : new URL(__BUILTIN_WEIGHTS__, document.baseURI).href,
};
