/** What a command's exit codes mean, for its help. */
import { EXIT } from './io.js';

export const EXIT_CODES: string = `
Exit codes:
  ${EXIT.ok}    all done
  ${EXIT.someFailed}    some files failed, the others were done
  ${EXIT.setUp}    wrong usage or set-up: nothing was done
  ${EXIT.interrupted}  stopped by Ctrl-C; files already written stay and are whole`;
