/**
 * What the built page may load and where it may send: nothing but its own files, and nothing anywhere else.
 *
 * It stands in `index.html`, since a static host sends no headers of ours, and holds for the page's workers too, which
 * are started so that they inherit it (`src/app/workers.ts`). The service worker sends it with every file that it
 * answers. Hosts that can send headers should send {@link HEADER}.
 */
const DIRECTIVES: readonly string[] = [
  "default-src 'none'",
  // WebAssembly decodes JPEG.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  // 'self' for the service worker; others are started from a blob.
  "worker-src 'self' blob:",
  "form-action 'none'",
  "base-uri 'none'",
];

export const POLICY: string = DIRECTIVES.join('; ');

/** With what a `<meta>` cannot say: nobody may put the page into a frame. */
export const HEADER: string = `${POLICY}; frame-ancestors 'none'`;
