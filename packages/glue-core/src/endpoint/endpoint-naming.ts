import { GlueError } from '../errors/glue-error.js';
import { formatBackendReference } from '../naming/backend-reference.js';
import { scopedCode, scopedDisplayName } from '../naming/scoped-code.js';
import { slug } from '../naming/slug.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointChanges, NewEndpoint } from './endpoint-fields.js';
import type { BackendOwner, EndpointOwner } from './endpoint-owner.js';

/** As long as the column of the path, which is the code by default. */
const MAX_CODE_LENGTH = 128;

/** What an endpoint is called: for people, for everybody, and beside the others of its backend. */
export interface EndpointNames {
  readonly name: string;
  readonly code: string;
  readonly suffix: string;
}

/** Names of a new endpoint. Pure. @throws GLUE_ENDPOINT_CODE_DERIVED when a linked one is given a code */
export function namesOfNew(
  { name, code, suffix }: Pick<NewEndpoint, 'name' | 'code' | 'suffix'>,
  side: SideName,
  owner: BackendOwner | undefined,
): EndpointNames {
  if (owner) {
    if (code !== undefined) throw derived(`an endpoint of ${formatBackendReference(owner.backend)}`);
    const own = suffix ?? side;
    return { suffix: own, code: derivedCode(owner, own), name: name ?? derivedName(owner, own) };
  }
  const own = slug(code ?? suffix ?? name ?? '');
  return { suffix: suffix ?? own, code: own, name: name ?? own };
}

/**
 * Names after an edit: a linked endpoint's code follows its suffix; so does a name that nobody chose. Pure.
 * @param owner - gives the backend that it is linked to; asked only when the suffix changes
 * @throws GLUE_ENDPOINT_CODE_DERIVED when a linked one is given a code
 */
export function namesAfterEdit(
  present: EndpointNames,
  { name, code, suffix = present.suffix }: Pick<EndpointChanges, 'name' | 'code' | 'suffix'>,
  owner: (() => BackendOwner) | undefined,
): EndpointNames {
  if (!owner) {
    const own = code === undefined ? present.code : slug(code);
    return { suffix, code: own, name: name ?? following(present.name, present.code, own) };
  }
  if (code !== undefined) throw derived(`endpoint "${present.code}"`);
  if (suffix === present.suffix) return { ...present, name: name ?? present.name };
  const backend = owner();
  const before = derivedName(backend, present.suffix);
  return {
    suffix,
    code: derivedCode(backend, suffix),
    name: name ?? following(present.name, before, derivedName(backend, suffix)),
  };
}

/** Names once it is linked to another backend. Pure. @param before - the backend that it was linked to */
export function namesAfterLink(
  { name, code, suffix }: EndpointNames,
  before: BackendOwner | undefined,
  owner: BackendOwner,
): EndpointNames {
  const own = before ? derivedName(before, suffix) : code;
  return {
    suffix,
    code: derivedCode(owner, suffix),
    name: following(name, own, derivedName(owner, suffix)),
  };
}

export function derivedCode({ technicalPrefix }: EndpointOwner, suffix: string): string {
  return scopedCode(technicalPrefix, suffix);
}

export function derivedName({ name }: EndpointOwner, suffix: string): string {
  return scopedDisplayName(name, suffix);
}

/** What is wrong with a code, however it came about. */
export function codeProblems(code: string): string[] {
  if (code === '') return ['there is no code: give a code, suffix or name with letters or digits'];
  return code.length > MAX_CODE_LENGTH
    ? [
        `the code "${code}" is longer than ${MAX_CODE_LENGTH} characters: shorten the suffix or technicalPrefix()`,
      ]
    : [];
}

/** A name that was derived is derived again; one that somebody chose stays. */
function following(name: string, before: string, after: string): string {
  return name === before ? after : name;
}

function derived(who: string): GlueError {
  return new GlueError(
    'GLUE_ENDPOINT_CODE_DERIVED',
    `the code of ${who} is derived from its backend and its suffix: change the suffix, or unlink it first`,
  );
}
