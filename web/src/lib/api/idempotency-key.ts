/** A key under which a create can be repeated without a second row. Works without a secure origin, where randomUUID is missing. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
