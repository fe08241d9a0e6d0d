/** A block of text that tells who helps what this machine and page are. */
import { adapter, adapterError } from '../../app/adapter.js';
import { notices } from '../../app/notices.js';
import { VERSION } from '../../app/version.js';
import { weights } from '../segment/state.js';
import { inspected, measured } from './state.js';

export function diagnostics(): string {
  const found = adapter.value;
  const lines = [
    `infnet page ${VERSION}, ${new Date().toISOString()}`,
    `browser: ${navigator.userAgent}`,
    `screen: ${screen.width} x ${screen.height} at ${devicePixelRatio}; processors: ${navigator.hardwareConcurrency}`,
  ];
  if (adapterError.value !== undefined)
    lines.push(`adapter: none, [${adapterError.value.code}] ${adapterError.value.message}`);
  if (found !== undefined) {
    const { vendor, architecture, device, description, software, features, limits } = found;
    lines.push(
      `adapter: ${[vendor, architecture, device, description].filter(Boolean).join(' / ') || found.name}${software ? ' (software)' : ''}`,
      `features: ${features.join(', ')}`,
      ...Object.entries(limits).map(([name, value]) => `  ${name}: ${value}`),
    );
  }
  if (weights.value !== undefined) {
    const { name, sha256, format, net } = weights.value;
    lines.push(`weights: ${name} (${format}, SHA-256 ${sha256}), ${net}`);
  }
  if (inspected.value !== undefined) {
    const { net, dispatches, memory } = inspected.value;
    lines.push(
      `traced: ${net.title}, batch ${net.batch} of ${net.size} px; ${dispatches.length} dispatches; ${memory['total']} bytes`,
    );
  }
  if (measured.value !== undefined)
    lines.push(`measured: ${(1000 * measured.value.wall).toFixed(2)} ms a run (median)`);
  for (const { error, text } of notices.value)
    lines.push(`message: ${error === undefined ? text : `[${error.code}] ${error.message}`}`);
  return lines.join('\n');
}
