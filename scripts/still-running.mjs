/**
 * A vitest reporter that names the tests that have run for long, now and then. Tests have no time limit, since a slow
 * machine is no fault; so this is how one that hangs shows in the log.
 */
const EVERY_MINUTES = 5;

export default class StillRunning {
  #since = new Map();
  #timer;

  onInit() {
    this.#timer = setInterval(() => this.#tell(), EVERY_MINUTES * 60_000);
    this.#timer.unref();
  }

  onTestCaseReady(test) {
    this.#since.set(test, Date.now());
  }

  onTestCaseResult(test) {
    this.#since.delete(test);
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
  }

  #tell() {
    for (const [test, since] of this.#since) {
      const minutes = Math.floor((Date.now() - since) / 60_000);
      if (minutes >= EVERY_MINUTES) {
        console.log(`still running after ${minutes} min: ${test.module.relativeModuleId} > ${test.fullName}`);
      }
    }
  }
}
