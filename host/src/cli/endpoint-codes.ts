/** Codes of all endpoints of a side, by their ids: rows hold the id, people know the code. */
export async function endpointCodes({
  endpoints,
}: {
  readonly endpoints: { list(): Promise<readonly { readonly id: number; readonly code: string }[]> };
}): Promise<ReadonlyMap<number, string>> {
  return new Map((await endpoints.list()).map(({ id, code }) => [id, code]));
}
