import { expect, test } from "vitest";
import { look, newMember, type Sight } from "./member.ts";

const LIMITS = { hello: 10, absent: 30, lease: 300, idle: 60, retire: 10 };

/** Looks once a second, so to say, and tells what the last look led to. */
function watch(member: ReturnType<typeof newMember>, seconds: number, sight: Partial<Sight>) {
  let verdict;
  for (let second = 0; second < seconds; second++)
    verdict = look(member, { passed: 1, busy: false, messages: 0, sinceWork: 0, ...sight }, LIMITS);
  return verdict;
}

test("a runner that never said Hello is given up sooner than one that was attached", () => {
  expect(watch(newMember("r", ["w"]), 9, { messages: undefined })).toEqual({ do: "nothing" });
  const silent = newMember("r", ["w"]);
  expect(watch(silent, 10, { messages: undefined })).toEqual({ do: "give_up", why: "does not answer" });
  const away = newMember("r", ["w"]);
  watch(away, 1, {});
  expect(watch(away, 29, { messages: undefined })).toEqual({ do: "nothing" });
  expect(watch(away, 1, { messages: undefined })).toMatchObject({ do: "give_up" });
});

test("coming back in time starts the count again", () => {
  const member = newMember("r", ["w"]);
  watch(member, 1, {});
  watch(member, 29, { messages: undefined });
  watch(member, 1, {});
  expect(watch(member, 29, { messages: undefined })).toEqual({ do: "nothing" });
});

test("a runner is idle only while it is attached and carries out nothing", () => {
  const member = newMember("r", ["w"]);
  watch(member, 5, { messages: undefined });
  expect(watch(member, 59, {})).toEqual({ do: "nothing" });
  expect(watch(member, 1, { busy: true })).toEqual({ do: "nothing" });
  expect(watch(member, 59, {})).toEqual({ do: "nothing" });
  expect(watch(member, 1, {})).toEqual({ do: "retire" });
});

test("the spare stays as long as anybody has worked lately", () => {
  const spare = newMember("r", []);
  expect(watch(spare, 500, { sinceWork: 59 })).toEqual({ do: "nothing" });
  expect(watch(spare, 1, { sinceWork: 60 })).toEqual({ do: "retire" });
});

test("a working runner has to be heard within its lease", () => {
  const member = newMember("r", ["w"]);
  expect(watch(member, 299, { busy: true })).toEqual({ do: "nothing" });
  watch(member, 1, { busy: true, messages: 1 });
  expect(watch(member, 299, { busy: true, messages: 1 })).toEqual({ do: "nothing" });
  expect(watch(member, 1, { busy: true, messages: 1 })).toMatchObject({ do: "give_up" });
});

test("a retiring runner may finish what it has, however long that takes, but not linger", () => {
  const member = { ...newMember("r", ["w"]), retiring: true };
  let messages = 0;
  for (let second = 0; second < 100; second++) expect(watch(member, 1, { busy: true, messages: messages++ })).toEqual({ do: "nothing" });
  expect(watch(member, 1, { messages })).toMatchObject({ do: "give_up", why: "was told to retire and did not" });
});
