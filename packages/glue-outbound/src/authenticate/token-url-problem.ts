/** What is wrong with the URL of a token endpoint, as the end of a sentence about it; undefined when nothing is. */
export function tokenUrlProblem(text: string): string | undefined {
  if (!text.isWellFormed() || !URL.canParse(text)) return 'is no URL';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'is not of https';
  // The parser drops an empty fragment, so the text itself is looked at.
  if (username + password !== '' || text.includes('#')) return 'has a user, password or fragment';
  return undefined;
}
