import { createHash } from "node:crypto";
import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { Problem } from "#errors/problem.ts";
import { lineViolations } from "#errors/text-rules.ts";
import { refuseViolations } from "#errors/problem.ts";
import type { Deps } from "#store/deps.ts";
import { statement } from "#store/statement.ts";

/** How long a key is remembered. */
const KEPT = 24 * 3_600_000;

/**
 * Creates something once per key: a client that got no answer repeats its call and gets the id of the first one.
 * @param create the verb; gives back the id of what it made
 * @returns the id, of this call's subject or of the first one's
 */
export function createOnce<Desc extends DescMessage>(
  { store, now }: Pick<Deps, "store" | "now">,
  schema: Desc,
  request: MessageShape<Desc> & { idempotencyKey: string },
  create: () => string,
): string {
  const key = request.idempotencyKey;
  if (key === "") return create();
  refuseViolations(lineViolations("idempotencyKey", key));
  const sha256 = createHash("sha256").update(toBinary(schema, request)).digest("hex");
  const method = schema.typeName;
  return store.transact((db) => {
    statement(db, "DELETE FROM idempotency_keys WHERE created_at < ?").run(now() - KEPT);
    const found = statement(db, "SELECT request_sha256 AS sha256, subject_id AS id FROM idempotency_keys WHERE method = ? AND key = ?").get(
      method,
      key,
    ) as { sha256: string; id: string } | undefined;
    if (found !== undefined && found.sha256 !== sha256) throw otherRequest();
    if (found !== undefined) return found.id;
    const id = create();
    statement(db, "INSERT INTO idempotency_keys (method, key, request_sha256, subject_id, created_at) VALUES (?, ?, ?, ?, ?)").run(
      method,
      key,
      sha256,
      id,
      now(),
    );
    return id;
  });
}

function otherRequest(): Problem {
  return new Problem(
    "conflict",
    "idempotency_key_reused",
    "The idempotency key was used for another request; nothing was created.",
    "Take a new key for a new request, and repeat a request only as it was.",
    [{ field: "idempotencyKey", description: "was used for another request" }],
  );
}
