/** One thing the doctor looked at. Only a critical one makes `malamar doctor` fail. */
export interface Finding {
  level: "ok" | "note" | "warning" | "critical";
  what: string;
  /** A command or a step to put it right, to be copied. */
  fix?: string;
}

export const ok = (what: string): Finding => ({ level: "ok", what });
export const note = (what: string): Finding => ({ level: "note", what });
export const warning = (what: string, fix: string): Finding => ({ level: "warning", what, fix });
export const critical = (what: string, fix: string): Finding => ({ level: "critical", what, fix });

const SIGNS = { ok: "ok  ", note: "--  ", warning: "WARN", critical: "BAD " } as const;

export function linesOf({ level, what, fix }: Finding): string[] {
  return [`${SIGNS[level]}  ${what}`, ...(fix === undefined ? [] : [`      → ${fix}`])];
}
