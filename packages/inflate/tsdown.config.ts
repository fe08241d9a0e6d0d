import type { UserConfig } from 'tsdown';
import { library } from '../../scripts/tsdown.mjs';

const config: UserConfig = library();

export default config;
