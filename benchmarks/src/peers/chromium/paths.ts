/** Addresses on the server beside the browser. Known to the page and to the server. */
export const PAGE_MODULE = '/page.js';
export const TFJS_MODULE = '/tfjs.js';
/** Everything of onnxruntime-web's `dist`, its WebAssembly too. */
export const ORT_FOLDER = '/onnxruntime-web/';
/** What the package calls `onnxruntime-web/webgpu`. */
export const ORT_MODULE = '/onnxruntime-web/ort.webgpu.bundle.min.mjs';
/** Where the page leaves the values of its results. */
export const RESULTS = '/results';
