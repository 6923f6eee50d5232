// On SIGUSR2: collects garbage and writes how much memory is in use, in KiB. Needs NODE_OPTIONS=--expose-gc.
process.on('SIGUSR2', () => {
  globalThis.gc();
  process.stderr.write(`memory in use: ${Math.round(process.memoryUsage().heapUsed / 1024)} KiB\n`);
});
