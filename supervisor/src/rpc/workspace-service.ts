import type { ServiceImpl } from "@connectrpc/connect";
import type { Workspace as WireWorkspace } from "@malamar/proto/malamar/v1/workspace_pb";
import { CreateWorkspaceRequestSchema, type WorkspaceService } from "@malamar/proto/malamar/v1/workspace_service_pb";
import { notFound } from "#errors/problem.ts";
import { stopWorkspace } from "#loop/stop-workspace.ts";
import type { Db } from "#store/open-db.ts";
import { createWorkspace } from "#workspaces/create-workspace.ts";
import { updateWorkspace, type WorkspaceChanges } from "#workspaces/update-workspace.ts";
import { findWorkspace, listWorkspaces } from "#workspaces/workspace-table.ts";
import { NEW_WORKSPACE, type Workspace } from "#workspaces/workspace.ts";
import { readId, readLimits, readVersion, readWord } from "./decode.ts";
import { encodeWorkspace } from "./encode.ts";
import { readMask, within, type MaskTable } from "./field-mask.ts";
import { createOnce } from "./idempotency.ts";
import { cutPage, readPageSize, readPageToken, writePageToken } from "./page-token.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { DIRECTORY_MODE, QUEUE_ORDER } from "./wire-words.ts";

const MASK: MaskTable<WireWorkspace, WorkspaceChanges> = {
  title: ({ title }, changes) => (changes.title = title),
  description: ({ description }, changes) => (changes.description = description),
  prefix: ({ prefix }, changes) => (changes.prefix = prefix),
  directory_mode: (workspace, changes) =>
    (changes.directoryMode = readWord("workspace.directoryMode", DIRECTORY_MODE, workspace.directoryMode)),
  directory_path: ({ directoryPath }, changes) => (changes.directoryPath = directoryPath),
  queue_order: (workspace, changes) => (changes.queueOrder = readWord("workspace.queueOrder", QUEUE_ORDER, workspace.queueOrder)),
  breaker_limit: ({ breakerLimit }, changes) => (changes.breakerLimit = breakerLimit),
  paused: ({ paused }, changes) => (changes.paused = paused),
  limits: ({ limits }, changes) => (changes.limits = readLimits(limits)),
  "limits.time_limit": ({ limits }, changes) => (changes.limits = { ...changes.limits, timeLimit: readLimits(limits).timeLimit }),
  "limits.silence_warning": ({ limits }, changes) =>
    (changes.limits = { ...changes.limits, silenceWarning: readLimits(limits).silenceWarning }),
  "limits.silence_limit": ({ limits }, changes) => (changes.limits = { ...changes.limits, silenceLimit: readLimits(limits).silenceLimit }),
};

export function workspaceService({ deps }: Pick<ServiceDeps, "deps">): ServiceImpl<typeof WorkspaceService> {
  const { store } = deps;
  return {
    async createWorkspace(request) {
      const settings = {
        ...NEW_WORKSPACE,
        title: request.title,
        description: request.description,
        prefix: request.prefix,
        directoryMode: readWord("directoryMode", DIRECTORY_MODE, request.directoryMode, NEW_WORKSPACE.directoryMode),
        directoryPath: request.directoryPath,
        queueOrder: readWord("queueOrder", QUEUE_ORDER, request.queueOrder, NEW_WORKSPACE.queueOrder),
        breakerLimit: request.breakerLimit ?? NEW_WORKSPACE.breakerLimit,
        limits: readLimits(request.limits),
      };
      const id = createOnce(deps, CreateWorkspaceRequestSchema, request, () => createWorkspace(deps, settings).id);
      await store.durable();
      return { workspace: encodeWorkspace(foundWorkspace(store.reader, id)) };
    },

    getWorkspace({ id }) {
      return { workspace: encodeWorkspace(foundWorkspace(store.reader, readId("id", id))) };
    },

    listWorkspaces({ pageSize, pageToken }) {
      const limit = readPageSize(pageSize);
      const place = readPageToken("workspaces", pageToken, ["number", "string"]);
      const before = place && { before: { lastActivityAt: place[0], id: place[1] } };
      const { page, nextPageToken } = cutPage(listWorkspaces(store.reader, { limit: limit + 1, ...before }), limit, (last) =>
        writePageToken("workspaces", last.lastActivityAt, last.id),
      );
      return { workspaces: page.map(encodeWorkspace), nextPageToken };
    },

    async updateWorkspace({ workspace, updateMask, expectedVersion }) {
      const changes = readMask(updateMask, workspace, "workspace", MASK);
      const id = readId("workspace.id", workspace?.id ?? "");
      const updated = within("workspace", () => updateWorkspace(deps, id, changes, readVersion(expectedVersion)));
      await store.durable();
      return { workspace: encodeWorkspace(updated) };
    },

    async deleteWorkspace({ id }) {
      const { deleted } = stopWorkspace(deps, readId("id", id));
      await store.durable();
      return { deleted };
    },
  };
}

/** The workspace as it is stored. */
export function foundWorkspace(db: Db, id: string): Workspace {
  const workspace = findWorkspace(db, id);
  if (workspace === undefined) throw notFound("workspace", id);
  return workspace;
}
