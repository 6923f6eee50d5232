/** A `key=value` of a command line; undefined when it is none. The value may hold more `=`. */
export function keyValue(pair: string): { readonly key: string; readonly text: string } | undefined {
  const at = pair.indexOf('=');
  return at < 1 ? undefined : { key: pair.slice(0, at), text: pair.slice(at + 1) };
}

/** A text as JSON where it is any, else as it is. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Sets a value below an object, making objects on the way; below anything else it sets nothing. */
export function setValue(document: unknown, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined || typeof document !== 'object' || document === null) return;
  const fields = document as Record<string, unknown>;
  if (rest.length === 0) fields[key] = value;
  else setValue(Object.hasOwn(fields, key) ? fields[key] : (fields[key] = {}), rest, value);
}
