export * from './loss/bce.js';
export * from './loss/cross-entropy.js';
export * from './loss/dice-loss.js';
export * from './loss/inf-net-loss.js';
export * from './loss/joint-loss.js';
