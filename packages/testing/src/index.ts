export * from './bits.js';
export * from './compare.js';
export * from './fixtures.js';
export * from './gradcheck.js';
export * from './half.js';
export * from './recipe.js';
export * from './safetensors.js';
export * from './torch-zip.js';
