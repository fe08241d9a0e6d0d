/** What the browser says of the adapter it gives: `SwiftShader Device (google, swiftshader)`. */
export async function adapterName(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('the browser gives no WebGPU adapter');
  const { vendor, architecture, description } = adapter.info;
  const details = [vendor, architecture].filter((text) => text !== '').join(', ');
  const name = description === '' ? 'WebGPU' : description;
  return details === '' ? name : `${name} (${details})`;
}
