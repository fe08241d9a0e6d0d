/**
 * Makes the golden files known to tests and readable from a browser.
 *
 * `fixtureIndex()` lists `fixtures/` of this repository and the shared folder beside it (INFNET_SHARED, else
 * `../shared`); a file of the repository wins over one of the shared folder. `fixtures()` is the vite plugin that
 * answers `GET /__fixtures__/<path>` for the listed files and for no others.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const url = '/__fixtures__/';
/** Folders of the shared one that tests may read; it holds more, which is no business of theirs. */
const topFolders = ['golden', 'data'];

function list(base, files) {
  for (const top of topFolders) {
    const folder = join(base, top);
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath ?? entry.path, entry.name);
      const path = file.slice(resolve(base).length + 1).replaceAll('\\', '/');
      files[path] ??= file;
    }
  }
}

/** @returns {{ files: Record<string, string>, url: string }} */
export function fixtureIndex() {
  const files = {};
  list(join(root, 'fixtures'), files);
  list(resolve(root, process.env.INFNET_SHARED || '../shared'), files);
  return { files, url };
}

/**
 * @param {{ files: Record<string, string>, url: string }} index
 * @returns {import('vite').Plugin}
 */
export function fixtures(index) {
  return {
    name: 'infnet:fixtures',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = new URL(request.url ?? '/', 'http://localhost').pathname;
        if (!path.startsWith(index.url)) return next();
        const name = decodeURIComponent(path.slice(index.url.length));
        if (!Object.hasOwn(index.files, name)) {
          response.statusCode = 404;
          return response.end(`no fixture ${name}`);
        }
        response.setHeader('content-type', 'application/octet-stream');
        response.setHeader('cache-control', 'no-store');
        response.end(readFileSync(index.files[name]));
      });
    },
  };
}
