/** The version of the page, which is that of infnet. */
import { version } from '../../package.json';

export const VERSION: string = version;
