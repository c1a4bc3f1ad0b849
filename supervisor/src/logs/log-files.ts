import { join } from "node:path";
import { type LogFile, openLogFile } from "./log-file.ts";

/** The log files that are being written, by execution. */
export interface LogFiles {
  path(executionId: string): string;
  /** The open file, if it is. */
  peek(executionId: string): LogFile | undefined;
  open(executionId: string): Promise<LogFile>;
  close(executionId: string): void;
  closeAll(): void;
}

/** More executions may live than files may be open; a file that is needed again is read again. */
const MOST_OPEN = 256;

export function createLogFiles(folder: string): LogFiles {
  // In order of use, the longest unused first.
  const files = new Map<string, LogFile>();
  const opening = new Map<string, Promise<LogFile>>();

  function path(executionId: string): string {
    // It comes from outside and becomes a path.
    if (!/^[A-Za-z0-9]{1,64}$/.test(executionId)) throw new Error(`${JSON.stringify(executionId)} is no id of an execution.`);
    return join(folder, `${executionId}.log`);
  }

  function peek(executionId: string): LogFile | undefined {
    const file = files.get(executionId);
    if (file === undefined) return undefined;
    files.delete(executionId);
    files.set(executionId, file);
    return file;
  }

  function close(executionId: string): void {
    files.get(executionId)?.close();
    files.delete(executionId);
  }

  async function openNow(executionId: string): Promise<LogFile> {
    try {
      const file = await openLogFile(path(executionId));
      for (const longest of files.keys()) {
        if (files.size < MOST_OPEN) break;
        close(longest);
      }
      files.set(executionId, file);
      return file;
    } finally {
      opening.delete(executionId);
    }
  }

  return {
    path,
    peek,
    async open(executionId) {
      const file = peek(executionId);
      if (file !== undefined) return file;
      let soon = opening.get(executionId);
      if (soon === undefined) opening.set(executionId, (soon = openNow(executionId)));
      return soon;
    },
    close,
    closeAll() {
      for (const executionId of files.keys()) close(executionId);
    },
  };
}
