export { BasicConv2d, type BasicConv2dOptions } from './basic-conv2d.js';
