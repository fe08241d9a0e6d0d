/** `npm run bench -- --gradients`: how fast the gradients of convolution are, compared with the forward. */
import { progress, type Suite, writeResult } from '../suite.js';
import { layerFigures, totals } from './figures.js';
import { measureGradients } from './measure.js';
import { formatGradients } from './report.js';

export const gradientSuite: Suite = async (context, options) => {
  const { size, batch } = options;
  const samples = await measureGradients(context, options, progress('layer'));
  console.log(formatGradients(samples, `${batch}x3x${size}x${size}`, context.adapter.message));
  const path = await writeResult(context, options, 'gradients', {
    totals: totals(samples),
    layers: samples.map((layer) => ({ ...layerFigures(layer), shape: layer.shape, seconds: layer.seconds })),
  });
  console.log(`\nWritten: ${path}`);
};
