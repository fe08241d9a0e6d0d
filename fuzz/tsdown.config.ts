import type { UserConfig } from 'tsdown';
import { library } from '../scripts/tsdown.mjs';

const config: UserConfig = library({ platform: 'node' });

export default config;
