/**
 * What people may see of a secret to tell it from another one.
 * @param shownFrom - a shorter secret shows no characters at all
 */
export function lastFourOf(secret: string, shownFrom: number): string {
  const characters = [...secret];
  return characters.length >= shownFrom ? characters.slice(-4).join('') : '';
}
