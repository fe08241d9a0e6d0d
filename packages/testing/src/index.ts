export * from './compare.js';
export * from './fixtures.js';
export * from './gradcheck.js';
export * from './recipe.js';
export * from './safetensors.js';
