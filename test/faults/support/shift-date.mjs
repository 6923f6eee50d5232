/** Loaded into a host with --import: its clock is off by GLUE_TEST_SHIFT_MS. Timers are not, as on a real machine. */
const shiftMs = Number(process.env.GLUE_TEST_SHIFT_MS);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};
