/**
 * Loaded into a host with --import: its clock is off by GLUE_TEST_SHIFT_MS, from GLUE_TEST_SHIFT_AFTER_MS on. Timers and
 * the monotonic clock are not, as on a real machine.
 */
const shiftMs = Number(process.env.GLUE_TEST_SHIFT_MS);
const afterMs = Number(process.env.GLUE_TEST_SHIFT_AFTER_MS ?? 0);
const RealDate = Date;

const now = () => RealDate.now() + (performance.now() >= afterMs ? shiftMs : 0);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
