/** `node write.mjs PATH BYTES`: writes BYTES sevens to PATH, prints `written` or the error as JSON. */
import { writeFileAtomic } from '@infnet/node';

const [path, bytes] = process.argv.slice(2);
try {
  await writeFileAtomic(path, new Uint8Array(Number(bytes)).fill(7));
  console.log('"written"');
} catch ({ code, where, fix, message, details }) {
  console.log(JSON.stringify({ code, where, fix, message, details }));
}
