// What somebody could try who reached JavaScript in the sandbox in spite of everything: run as `runner.mjs` with the sandbox's
// flags, and with every permission to show that each of these succeeds then. Speaks as the runner does.

const buffer = new Uint8Array(9999);
const world = JSON.parse(new TextDecoder().decode(buffer.subarray(0, Deno.stdin.readSync(buffer))));
const { secret, port, folder } = world;
const text = new TextDecoder();
const address = `http://127.0.0.1:${port}`;
const fs = await import("node:fs");

const SCRIPTS = {
  read: () => Deno.readTextFileSync(`${folder}/secret`),
  read_parent: () => Deno.readTextFileSync(`${import.meta.dirname}/${world.up}/secret`),
  node_fs: () => fs.readFileSync(`${folder}/secret`, "utf8"),
  node_promises: async () => await (await import("node:fs/promises")).readFile(`${folder}/secret`, "utf8"),
  stat: () => (Deno.statSync(`${folder}/secret`).isFile ? "escaped" : ""),
  list: () => ([...Deno.readDirSync(folder)].some((entry) => entry.name === "secret") ? "escaped" : ""),
  proc: () => (Deno.readTextFileSync("/proc/self/status").includes("Pid") ? "escaped" : ""),
  write: () => (Deno.writeTextFileSync(`${folder}/js`, "x"), "escaped"),
  node_write: () => (fs.writeFileSync(`${folder}/js-node`, "x"), "escaped"),
  symlink: () => (Deno.symlinkSync(`${folder}/secret`, `${folder}/js-link`), "escaped"),
  make_temporary: () => (Deno.makeTempFileSync(), "escaped"),
  import_file: async () => (await import(`file://${folder}/secret.mjs`)).token,
  import_remote: async () => (await import(`${address}/module.mjs`), "escaped"),
  fetch: async () => await (await fetch(address)).text(),
  fetch_file: async () => await (await fetch(`file://${folder}/secret`)).text(),
  connect: async () => {
    const connection = await Deno.connect({ port });
    return text.decode(buffer.subarray(0, await connection.read(buffer)));
  },
  node_net: async () => {
    const { connect } = await import("node:net");
    return await new Promise((done, failed) => {
      connect(port, "127.0.0.1").on("data", (data) => done(`${data}`)).on("error", failed);
    });
  },
  listen: () => (Deno.listen({ port: 0 }).close(), "escaped"),
  resolve: async () => ((await (await import("node:dns/promises")).lookup("localhost")).address ? "escaped" : ""),
  environment: () => Deno.env.get("PRACTICE_SECRET"),
  all_environment: () => JSON.stringify(Deno.env.toObject()),
  node_environment: async () => (await import("node:process")).default.env.PRACTICE_SECRET,
  host_name: () => (Deno.hostname() ? "escaped" : ""),
  node_users: async () => ((await import("node:os")).userInfo().username ? "escaped" : ""),
  command: () => text.decode(new Deno.Command("/bin/cat", { args: [`${folder}/secret`] }).outputSync().stdout),
  node_command: async () => `${(await import("node:child_process")).execFileSync("/bin/cat", [`${folder}/secret`])}`,
  kill: () => (Deno.kill(world.parent, "SIGCONT"), "escaped"),
  library: () => (Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", { getpid: { parameters: [], result: "i32" } }), "escaped"),
  code_from_text: () => (new Function("return 'escaped'"))(),
  code_evaluated: () => (0, eval)("'escaped'"),
};

const got = {};
for (const [name, script] of Object.entries(SCRIPTS)) {
  try {
    got[name] = `${await script()}`;
  } catch (error) {
    got[name] = `failed: ${error.name}`;
  }
}
const line = (label, said) => Deno.stdout.writeSync(new TextEncoder().encode(`\n${secret} ${label} ${said}\n`));
line("booted", "");
line("first", JSON.stringify(got));
Deno.exit(0);
