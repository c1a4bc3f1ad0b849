import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Fault } from "../fault.ts";
import { expectEqual, expectTrue } from "./expect.ts";

export default {
  id: "A12",
  title:
    "the configuration is damaged or gone: refused with file, line and key, nothing started, the last good one named; never wider than before",
  async run(context) {
    const server = await context.startMalamar({ config: { host: "127.0.0.1" } });
    await server.stop("SIGINT");
    const good = readFileSync(server.configFile, "utf8");
    const copy = `${server.configFile}.last-good`;
    expectEqual("the copy", readFileSync(copy, "utf8"), good);

    const rounds = context.short ? 12 : 60;
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      writeFileSync(server.configFile, mutated(good, context.random));
      const { code, out, err } = await server.command("doctor");
      if (code !== 78) {
        // A change that is still a configuration; it must not listen any wider.
        expectTrue(`the address is loopback after round ${round}`, /host +"(127\.0\.0\.1|::1)"/.test(out));
        continue;
      }
      refused++;
      expectTrue(`file and line are named in round ${round}: ${out}${err}`, `${out}${err}`.includes(server.configFile));
    }
    context.log(`${refused} of ${rounds} mutated files were refused, the others still say where to listen`);

    writeFileSync(server.configFile, "{ port: 4000,, host");
    for (const command of ["serve", "start"]) {
      const { code, err } = await server.command(command);
      expectEqual(`exit code of ${command}`, code, 78);
      expectTrue(`it names the place and the last good file: ${err}`, err.includes(`${server.configFile}:1`) && err.includes(copy));
    }
    expectTrue("nothing was started", !existsSync(`${server.dataDir}/supervisor.pid`));

    // Emptied, as by a power cut while it was saved: the defaults listen on loopback only, and it is said.
    for (const lose of [() => writeFileSync(server.configFile, ""), () => rmSync(server.configFile)]) {
      lose();
      const { code, out, err } = await server.command("start", "--port", String(server.port));
      expectEqual(`start without its settings: ${err}`, code, 0);
      expectTrue(`only loopback: ${out}`, /http:\/\/localhost:/.test(out));
      expectTrue("it is said", readFileSync(`${server.dataDir}/supervisor.log`, "utf8").includes("so the defaults are in force"));
      await server.command("stop", "--now", "--data-dir", server.dataDir);
    }
    copyFileSync(copy, server.configFile);
    await server.start();
  },
} satisfies Fault;

/** Cut off, doubled, or with some characters changed. */
function mutated(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text;
    case 2:
      return `${text.slice(0, at)}${String.fromCharCode(33 + Math.floor(random() * 90))}${text.slice(at + 1)}`;
    default:
      return `${text.slice(0, at)}\0\ufffd${text.slice(at + 2)}`;
  }
}
