/**
 * The page's script. Nothing needs it: it adds read-outs of curves, a dialog for pictures, and a reload that a reader can
 * pause. It is text, as it runs in the page; test/script.test.ts parses it, and the browser's tests run it.
 */
export const SCRIPT: string = '';
