/**
 * A Chromium for the browser tests that needs nothing but npm.
 *
 * On Linux x64 the package `@sparticuz/chromium` carries a headless Chromium, the shared libraries a bare system lacks
 * and SwiftShader, all compressed. `ensureChromium()` unpacks them once into `node_modules/.cache/infnet-chromium`:
 * into a temporary folder first, then by one rename, so that two processes at once, or one that is killed, leave no
 * half of it. Elsewhere, and with INFNET_CHROMIUM=/path/to/chrome anywhere, an installed browser is used.
 *
 * `node scripts/chromium.mjs` unpacks and prints the path.
 */
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';
import { untar } from './untar.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The package's folder: npm may have put it at the root or below `packages/swiftshader`. */
function packageFolder() {
  const require = createRequire(join(root, 'packages/swiftshader/package.json'));
  let folder = dirname(require.resolve('@sparticuz/chromium'));
  while (!existsSync(join(folder, 'bin', 'chromium.br'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('@sparticuz/chromium is installed without its bin folder; run npm ci again');
    folder = parent;
  }
  return folder;
}

function fontConfig(folder) {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>
`;
}

/** Unpacks into `target`, to be moved to `home` afterwards. */
async function unpack(source, target, home) {
  mkdirSync(target, { recursive: true });
  await pipeline(
    createReadStream(join(source, 'bin', 'chromium.br')),
    createBrotliDecompress(),
    createWriteStream(join(target, 'chromium'), { mode: 0o755 }),
  );
  for (const name of ['al2023', 'swiftshader', 'fonts']) {
    await untar(brotliDecompressSync(readFileSync(join(source, 'bin', `${name}.tar.br`))), target);
  }
  writeFileSync(join(target, 'fonts.conf'), fontConfig(home));
}

/**
 * @returns {Promise<{ executablePath?: string, channel?: string, env: Record<string, string> }>} What playwright's
 *   `launchOptions` need. `env` is the whole environment of the browser.
 */
export async function ensureChromium() {
  const env = { ...process.env };
  if (env.INFNET_CHROMIUM) return { executablePath: env.INFNET_CHROMIUM, env };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome', env };
  const source = packageFolder();
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const folder = join(root, 'node_modules', '.cache', 'infnet-chromium', version);
  if (!existsSync(join(folder, 'chromium'))) {
    const temporary = `${folder}.${process.pid}.${Date.now()}`;
    try {
      await unpack(source, temporary, folder);
      renameSync(temporary, folder);
    } catch (error) {
      if (!existsSync(join(folder, 'chromium'))) throw error;
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  // The libraries beside the browser (NSS, NSPR, expat) stand before the system's, so that it runs alike everywhere.
  env.LD_LIBRARY_PATH = [join(folder, 'lib'), folder, env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  env.FONTCONFIG_FILE = join(folder, 'fonts.conf');
  return { executablePath: join(folder, 'chromium'), env };
}

/**
 * Flags with which a headless Chromium gives a WebGPU adapter on a machine without a GPU, and stays off the network.
 */
export const chromiumFlags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { executablePath, channel } = await ensureChromium();
  console.log(executablePath ?? `the installed browser (channel ${channel})`);
}
