import { slug } from './slug.js';

/** Scoped code: `slug(prefix)-slug(suffix)` without a dangling dash, e.g. `stripe-1` + `inbound` → `stripe-1-inbound`. */
export function scopedCode(prefix: string, suffix: string): string {
  return [slug(prefix), slug(suffix)].filter((part) => part !== '').join('-');
}

/** Scoped display name: name, a space, the trimmed suffix, e.g. `Stripe EU inbound`. */
export function scopedDisplayName(name: string, suffix: string): string {
  return `${name} ${suffix.trim()}`.trim();
}
