import { registerHooks } from 'node:module';

/** Makes a process one in which glue-outbound is not installed: what imports it is told so, in Node's own words. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'glue-outbound') return next(specifier, context);
    const error = new Error(`Cannot find package 'glue-outbound' imported from ${context.parentURL}`);
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  },
});
