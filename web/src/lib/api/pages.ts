interface Page<Row> {
  rows: Row[];
  next: string;
}

/** Reads a list to its end, page by page. */
export async function readAll<Row>(read: (pageToken: string) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let token = ""; ;) {
    const page = await read(token);
    rows.push(...page.rows);
    if (page.next === "") return rows;
    token = page.next;
  }
}
