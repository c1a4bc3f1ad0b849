import type { SupervisorRecord } from "./record.ts";

/** What the commands want to know of a running supervisor; part of System in proto/malamar/v1, in its JSON form. */
export interface SystemFacts {
  clis?: { name: string; title: string }[];
  pauses?: { resource: string; resourceId: string; cause: string; detail?: string; until?: string }[];
  runners?: { id: string; pid: number; attached?: boolean; workspaceIds?: string[] }[];
  liveExecutions?: number;
}

/** Whether the port is answered by this very supervisor and its store works. */
export async function askHealth(record: Pick<SupervisorRecord, "url" | "instance">): Promise<"ok" | "failing" | "silent"> {
  const answer = await ask(`${record.url}/healthz`);
  if (answer === undefined || answer.body["instance"] !== record.instance) return "silent";
  return answer.ok ? "ok" : "failing";
}

/** @returns undefined when there is no answer */
export async function askSystem(record: Pick<SupervisorRecord, "url">): Promise<SystemFacts | undefined> {
  const answer = await ask(`${record.url}/malamar.v1.SystemService/GetSystem`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  return answer?.ok === true ? (answer.body["system"] as SystemFacts | undefined) : undefined;
}

async function ask(url: string, request: RequestInit = {}): Promise<{ ok: boolean; body: Record<string, unknown> } | undefined> {
  if (!URL.canParse(url)) return undefined;
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(3000) });
    return { ok: response.ok, body: (await response.json()) as Record<string, unknown> };
  } catch {
    return undefined;
  }
}
