#!/usr/bin/env node
import { nodeComplaint } from './node-version.js';

const complaint = nodeComplaint(process.versions.node);
if (complaint) {
  console.error(complaint);
  process.exitCode = 1;
} else {
  import('../cli/main.js')
    .then(function run(cli) {
      return cli.main(process.argv);
    })
    .catch(function fail(error) {
      console.error(error);
      process.exitCode = 1;
    });
}
