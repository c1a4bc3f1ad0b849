import { refuse } from "./decode.ts";

const LARGEST = 200;

/** How many rows a page may have; 0 = as many as the list gives by itself. */
export function readPageSize(size: number, fallback = 50): number {
  if (size > LARGEST) refuse("pageSize", `must be at most ${LARGEST}; ask for the next page to read on`);
  return size === 0 ? fallback : size;
}

/** Opaque for callers: the list it is of, then where the next page begins. */
export function writePageToken(list: string, ...place: (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString("base64url");
}

/**
 * @param list name of the list with its filter: a token of another list would skip rows in silence
 * @param kinds what the place consists of
 * @returns undefined for the first page
 */
export function readPageToken<const K extends readonly ("string" | "number")[]>(
  list: string,
  token: string,
  kinds: K,
): Place<K> | undefined {
  if (token === "") return undefined;
  const [of, ...place] = parse(token);
  const fits = of === list && place.length === kinds.length && place.every((part, index) => typeof part === kinds[index]);
  if (!fits) refuse("pageToken", "is not from this list with this filter; leave it empty to begin with the first page");
  return place as Place<K>;
}

type Place<K extends readonly ("string" | "number")[]> = { -readonly [I in keyof K]: K[I] extends "number" ? number : string };

function parse(token: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** Splits one row more than asked for into the page and whether there is another one. */
export function cutPage<T>(rows: readonly T[], size: number, token: (last: T) => string): { page: T[]; nextPageToken: string } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return { page, nextPageToken: rows.length > size && last !== undefined ? token(last) : "" };
}
