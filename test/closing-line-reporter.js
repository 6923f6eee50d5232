/** Ends a run with one plain line, `N passed, N failed, N skipped`, for whoever reads the log by machine. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped`;
    // At exit, since Jest prints its own summary after its reporters.
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
}
