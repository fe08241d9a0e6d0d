/** Paths in commands that are advised, so that they can be typed as they stand. */
import process from 'node:process';

const PLAIN = process.platform === 'win32' ? /^[\w.:\\/+,@=-]+$/ : /^[\w./:+,@%=-]+$/;

/** A path as one argument: quoted where a shell would take it apart. */
export function asArgument(path: string): string {
  if (PLAIN.test(path)) return path;
  return process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Advice about a folder, with the folder in it. */
export function adviceFor(folder: string, advice: string): string {
  return advice.replace(/\bFOLDER\b/, () => asArgument(folder));
}
