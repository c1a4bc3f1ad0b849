/** Opaque for clients: the installation, then the sequence number of the last event they have. */
export function writeCursor(installationId: string, seq: number): string {
  return `${installationId}.${seq}`;
}

/** @returns the sequence number, or undefined when the cursor is not of this installation */
export function readCursor(installationId: string, cursor: string): number | undefined {
  const dot = cursor.lastIndexOf(".");
  const digits = cursor.slice(dot + 1);
  return cursor.slice(0, dot) === installationId && /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
}
