import { buildProgram } from "#commands/program.ts";

void buildProgram(import.meta.dirname).parseAsync();
