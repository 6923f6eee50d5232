/**
 * The one door to dependency injection: `reflect-metadata` is loaded before tsyringe, once, for everybody.
 * Two copies of either give "TypeInfo not known"; so nobody else imports them.
 */
import 'reflect-metadata';

export { container, inject, injectable, instanceCachingFactory } from 'tsyringe';
export type { DependencyContainer, InjectionToken } from 'tsyringe';
