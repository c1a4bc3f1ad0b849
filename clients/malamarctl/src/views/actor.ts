import { type Actor, ActorKind } from "@malamar/proto/malamar/v1/actor_pb";
import { wordOf } from "#output/words.ts";

/** What people call the author: an agent by its name, the others by what they are. */
export function nameOf(actor: Actor | undefined): string {
  if (actor === undefined) return "";
  return actor.name === "" ? wordOf(ActorKind, actor.kind) : actor.name;
}
