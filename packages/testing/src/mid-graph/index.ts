/**
 * Operators in the middle of a graph, on shapes drawn at random. Apart from the rest of this package, because it needs
 * nets.
 */
export * from './check.js';
export * from './draw.js';
export * from './hard-numbers.js';
export * from './values.js';
