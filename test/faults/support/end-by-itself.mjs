/**
 * Loaded into a host with --import: what ends the process sets its exit code only, so that the process runs on as long
 * as a timer, a connection or anything else is left that keeps it alive.
 */
process.exit = (code) => {
  process.exitCode = code;
};
