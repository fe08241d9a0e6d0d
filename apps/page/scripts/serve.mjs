/** The built page on this machine, as any static host would serve it, for the scripts beside this file. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/**
 * Serves `dist/page`, or the folder that INFNET_PAGE names.
 * @returns {Promise<{ folder: string, url: string, close: () => void }>}
 */
export async function servePage() {
  const folder = process.env['INFNET_PAGE'] ?? fileURLToPath(new URL('../dist/page', import.meta.url));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    readFile(join(folder, pathname === '/' ? 'index.html' : pathname)).then(
      (bytes) =>
        response
          .writeHead(200, { 'content-type': TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream' })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { folder, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
