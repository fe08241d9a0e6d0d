/** The command line of infnet, for programs that want to run it in their own process. */
export { EXIT, type Io, type Output } from './io.js';
export { main } from './main.js';
export { runInProcess } from './process.js';
