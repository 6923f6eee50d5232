import { InvalidArgumentError, Option } from 'commander';
import { sideNameSchema, type SideName } from 'glue-core';
import type { CommonOptions } from './with-installation.js';

/** Options of commands about one endpoint. */
export interface EndpointOptions extends CommonOptions {
  readonly json?: boolean;
  readonly side?: SideName;
}

export interface ChangeOptions extends EndpointOptions {
  readonly ifVersion?: number;
}

export const sideOption = () =>
  new Option('--side <side>', 'its side, where both sides have one of that code').choices(
    sideNameSchema.options,
  );

export const versionOption = () =>
  new Option('--if-version <number>', 'only while it has this version, which `show` tells').argParser(
    (text) => {
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new InvalidArgumentError('Give a whole number.');
    },
  );
