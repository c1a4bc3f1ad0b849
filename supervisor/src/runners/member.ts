import type { LivingRunner, RunnerEnd } from "./launcher.ts";

/** A runner that lives or is coming, as far as this supervisor has to look after it. Times in milliseconds. */
export interface Member {
  id: string;
  workspaceIds: string[];
  /** Not set while it is being launched. */
  living: LivingRunner | undefined;
  /** Settles when its launch has succeeded or failed. */
  launched: Promise<void>;
  unwatch: () => void;
  /** It was told to end as soon as it has nothing to do. */
  retiring: boolean;
  /** It is being ended because it does not answer. */
  stopping: boolean;
  /** Its process has ended, and that could not be written down yet. */
  end: RunnerEnd | undefined;
  // Counted in looks instead of taken from a clock: a machine that slept takes nobody's time away.
  everAttached: boolean;
  absent: number;
  present: number;
  idle: number;
  retired: number;
  silent: number;
  /** Heard from it at the last look. */
  messages: number;
}

export interface Limits {
  /** A runner that has not said Hello for so long is given up. */
  hello: number;
  /** The same for one that was attached: it may be busy, and giving it up costs its step. */
  absent: number;
  /** A runner that works and sends not even a heartbeat for so long is given up. */
  lease: number;
  /** An idle runner ends after this. */
  idle: number;
  /** One that was told to retire and has nothing to do is made to. */
  retire: number;
}

/** What is seen of a runner at one look. */
export interface Sight {
  /** Since the last look. */
  passed: number;
  /** It carries out a step. */
  busy: boolean;
  /** Heard on its stream so far; undefined = not attached. */
  messages: number | undefined;
  /** Since anybody at all worked: the measure of the warm spare. */
  sinceWork: number;
}

export type Verdict = { do: "nothing" } | { do: "retire" } | { do: "give_up"; why: string };

export function newMember(id: string, workspaceIds: string[]): Member {
  return {
    id,
    workspaceIds,
    living: undefined,
    launched: Promise.resolve(),
    unwatch: () => {},
    retiring: false,
    stopping: false,
    end: undefined,
    everAttached: false,
    absent: 0,
    present: 0,
    idle: 0,
    retired: 0,
    silent: 0,
    messages: 0,
  };
}

/** Started in advance, for whichever workspace needs a runner next. */
export function isSpare(member: Member): boolean {
  return member.workspaceIds.length === 0 && isUsable(member);
}

export function isUsable(member: Member): boolean {
  return !member.retiring && !member.stopping && member.end === undefined;
}

/** Counts what one look has seen and says what follows from it. */
export function look(member: Member, { passed, busy, messages, sinceWork }: Sight, limits: Limits): Verdict {
  const attached = messages !== undefined;
  if (attached) {
    member.everAttached = true;
    member.absent = 0;
    member.present += passed;
    member.silent = messages === member.messages ? member.silent + passed : 0;
    member.messages = messages;
    if (busy && member.silent >= limits.lease) {
      return { do: "give_up", why: "has not even sent a heartbeat for the time of its lease" };
    }
  } else {
    member.absent += passed;
    if (member.absent >= (member.everAttached ? limits.absent : limits.hello)) return { do: "give_up", why: "does not answer" };
  }
  if (member.retiring) {
    member.retired += passed;
    const overdue = member.retired >= limits.retire && !busy;
    return overdue ? { do: "give_up", why: "was told to retire and did not" } : { do: "nothing" };
  }
  member.idle = busy || !attached ? 0 : member.idle + passed;
  const idle = member.workspaceIds.length === 0 ? sinceWork : member.idle;
  return attached && !busy && idle >= limits.idle ? { do: "retire" } : { do: "nothing" };
}
