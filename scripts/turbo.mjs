/** `turbo` with its telemetry off, on every system: `node scripts/turbo.mjs run build`. */
import { run, tool } from './tools.mjs';

const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
process.exitCode = (await run([tool('turbo'), ...process.argv.slice(2)], { env })).code;
