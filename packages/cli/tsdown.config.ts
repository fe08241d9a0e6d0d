import type { UserConfig } from 'tsdown';
import { library } from '../../scripts/tsdown.mjs';

// The command itself, bin/infnet.js, is plain JavaScript and is not built: it says so when dist is missing.
const config: UserConfig = { ...library({ platform: 'node' }), entry: ['./src/index.ts'] };

export default config;
