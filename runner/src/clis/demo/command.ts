import type { CliStart, Command } from "../cli.ts";

export function demoCommand(start: CliStart): Command {
  return {
    program: start.node,
    args: [start.demoCli],
    env: {},
    envPass: ["MALAMAR_DEMO_PACE"],
    stdin: start.prompt,
  };
}
