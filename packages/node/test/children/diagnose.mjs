/** `node diagnose.mjs`: prints the report of this machine as JSON. */
import { diagnose } from '@infnet/node';

console.log(JSON.stringify(await diagnose()));
