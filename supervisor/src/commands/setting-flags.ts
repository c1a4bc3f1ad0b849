import { Option } from "commander";
import type { Command } from "commander";
import { envName, flagName, SETTING_PATHS, SETTINGS } from "#config/setting.ts";
import type { SettingPath } from "#config/setting.ts";

/** Where the configuration and the data are: what every command needs to find the server. */
export function addPlaceFlags(command: Command): Command {
  return command.addOption(flagOf("dataDir", "path")).option("--config <file>", "configuration file (MALAMAR_CONFIG)");
}

/** Every setting as a flag, from the table that the file and the environment are read by, too. */
export function addSettingFlags(command: Command): Command {
  for (const path of SETTING_PATHS) command.addOption(flagOf(path));
  return command
    .option("--config <file>", "configuration file (MALAMAR_CONFIG)")
    .addHelpText("after", "\nAn environment variable wins over a flag, a flag over the file, the file over the default.");
}

function flagOf(path: SettingPath, value = "value"): Option {
  const { sentence, fallback } = SETTINGS[path];
  const usual = Array.isArray(fallback) ? fallback.join(",") : String(fallback);
  const shown = path === "dataDir" ? "~/.malamar" : usual;
  return new Option(`${flagName(path)} <${value}>`, `${sentence} (${envName(path)}${shown === "" ? "" : `; default ${shown}`})`);
}
