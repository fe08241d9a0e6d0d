export { PartialDecoder } from './partial-decoder.js';
export { product, productGradientOperator, productOperator } from './product.js';
export {
  type ProductCallOptions,
  type ProductOperand,
  productCall,
  productGradientCall,
  productGradientKernel,
  productKernel,
} from './product-call.js';
export { ReceptiveFieldBlock } from './receptive-field-block.js';
