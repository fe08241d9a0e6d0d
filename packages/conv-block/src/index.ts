export { BasicConv2d, type BasicConv2dOptions, type Pair } from './basic-conv2d.js';
