export { crc32 } from './crc32.js';
export { type Inflated, Inflater } from './inflate.js';
