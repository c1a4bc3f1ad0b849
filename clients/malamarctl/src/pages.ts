const LARGEST_PAGE = 200;

/** Reads page after page, until there are `limit` items or no more. 0 = all of them. */
export async function readPages<R extends { nextPageToken: string }, T>(
  limit: number,
  page: (request: { pageSize: number; pageToken: string }) => Promise<R>,
  itemsOf: (response: R) => readonly T[],
): Promise<{ items: T[]; hasMore: boolean }> {
  const items: T[] = [];
  let pageToken = "";
  do {
    const missing = limit === 0 ? LARGEST_PAGE : limit - items.length;
    const response = await page({ pageSize: Math.min(missing, LARGEST_PAGE), pageToken });
    items.push(...itemsOf(response));
    pageToken = response.nextPageToken;
  } while (pageToken !== "" && (limit === 0 || items.length < limit));
  return { items, hasMore: pageToken !== "" };
}
