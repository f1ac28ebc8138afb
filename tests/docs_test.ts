// README and docs/ are correct: their programs run, their commands are known, and their links have targets.
//
// `deno test --doc` runs the blocks that stand alone. This test runs the others. A block marked `server` runs with the
// block marked `client` after it, as printed, except that a free port replaces the port. The flags are those of the
// document's run lines (`deno run … server.ts`), if it has any. Where the document shows Python too, every combination
// of the two languages runs. A block marked `prints` prints the text block that follows it. A block marked `tls` is a
// client of example.org, which a local server replaces.

import assert from "node:assert/strict";
import { hasPython, Program } from "./_helpers.ts";
import { converse, examples, freePort, runLines, untilBound } from "./_examples.ts";
import { Authority, Files } from "./tls/authority.ts";
import { DEFAULT, listen, portOf as tlsPortOf, serverContext, text as decoded } from "./tls/backends.ts";

const root = new URL("../", import.meta.url);

interface Block {
  language: string;
  role: string;
  code: string;
}

/** The documents of a folder. */
function documentsIn(folder: string): string[] {
  const names = Array.from(Deno.readDirSync(new URL(folder, root)), (entry) => `${folder}/${entry.name}`);
  return names.filter((name) => name.endsWith(".md")).sort();
}

function documents(): string[] {
  return ["README.md", "README.zh.md", "CONTRIBUTING.md", ...documentsIn("docs"), ...documentsIn("docs/zh")];
}

function blocks(text: string): Block[] {
  return Array.from(text.matchAll(/^```(\w+)([^\n]*)\n(.*?)^```/gms), ([, language, rest, code]) => {
    return { language, role: rest.replace("ignore", "").trim(), code };
  });
}

interface Dialogue {
  servers: Block[];
  clients: Block[];
  /** The document's run lines for its programs. */
  commands: string[];
  /** The output of the client, if the document shows it. */
  printed: string | undefined;
}

/** A document's run line for one of its programs: `deno run flags… server.ts`. */
const RUN_LINE = /^deno run (.*) (server|client)\.ts$/;

/** The dialogues of a document: the server's blocks (in one or two languages), the client's, and the output. */
function dialogues(text: string): Dialogue[] {
  const found: Dialogue[] = [];
  let twin: Block[] = [];
  for (const block of blocks(text)) {
    if (block.language === "python") twin = [block];
    else {
      if (block.role === "server") {
        found.push({ servers: [block, ...twin], clients: [], commands: [], printed: undefined });
      } else if (block.role === "client") found.at(-1)!.clients.push(block, ...twin);
      else if (block.language === "sh") found.at(-1)?.commands.push(...runLinesOf(block));
      else if (block.language === "text" && found.length > 0) found.at(-1)!.printed ??= block.code;
      twin = [];
    }
  }
  return found;
}

function runLinesOf({ code }: Block): string[] {
  return code.split("\n").filter((line) => RUN_LINE.test(line));
}

function portOf({ servers }: Dialogue): string {
  return /\.bind\(ipPort\)/.test(servers[0].code)
    ? /ipPort = \[[^\]]*?(\d+)\]/.exec(servers[0].code)![1]
    : /\["[^"]*", (\d+)\]/.exec(servers[0].code)![1];
}

/** The flags of a program: those of its run line, or else only what it needs. */
function flagsOf({ role, code }: Block, { commands }: Dialogue): string[] {
  const stated = commands.map((line) => RUN_LINE.exec(line)!).find(([, , program]) => program === role);
  if (stated !== undefined) return stated[1].split(" ");
  // A UDP server answers to the client's port, which is any port.
  if (/SOCK_DGRAM/.test(code)) return ["--allow-net=127.0.0.1"];
  return ["--allow-net=127.0.0.1:PORT,localhost:PORT"];
}

async function run(block: Block, dialogue: Dialogue, port: number): Promise<Program> {
  const usual = portOf(dialogue);
  const moved = block.code.replaceAll(usual, String(port));
  if (block.language === "python") return new Program("python3", ["-u", "-c", moved]);
  const flags = flagsOf(block, dialogue).map((flag) => flag.replaceAll("PORT", usual).replaceAll(usual, String(port)));
  return await runText(moved, flags);
}

/** Starts a program from its text. Imports work as in the checkout. */
async function runText(code: string, flags: string[]): Promise<Program> {
  const program = new Program(Deno.execPath(), ["run", "--no-prompt", "--no-lock", ...flags, "--ext=ts", "-"]);
  await program.write(code);
  await program.closeInput();
  return program;
}

/** Removes the indentation that all lines have. `deno fmt` removes it from the blocks of a document. */
function dedent(text: string): string {
  const lines = text.split("\n");
  const indents = lines.filter((line) => line !== "").map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...indents))).join("\n");
}

/** The anchors that GitHub makes from headings. */
function anchorsOf(text: string): string[] {
  return Array.from(
    text.matchAll(/^#+ (.*)$/gm),
    ([, heading]) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"),
  );
}

for (const name of documents()) {
  const text = Deno.readTextFileSync(new URL(name, root));

  // The programs of a translation are the same; they are compared below.
  for (const [number, dialogue] of (name.startsWith("docs/zh/") ? [] : dialogues(text)).entries()) {
    for (const server of dialogue.servers) {
      for (const client of dialogue.clients) {
        const languages = `${server.language} server, ${client.language} client`;
        const python = [server, client].some(({ language }) => language === "python");
        Deno.test({
          name: `${name}, dialogue ${number + 1}: ${languages}`,
          ignore: Deno.build.os !== "linux" || (python && !hasPython()),
          async fn() {
            const port = freePort();
            await using _ = await run(server, dialogue, port);
            await untilBound(port);
            await using calling = await run(client, dialogue, port);
            // The only client that reads input is told to end.
            const printed = await converse(calling, ...(client.language === "python" ? ["exit"] : []));
            if (dialogue.printed !== undefined) assert.equal(printed, dialogue.printed);
          },
        });
      }
    }
  }

  for (const [index, block] of blocks(text).entries()) {
    const { language, role, code } = block;
    if (role === "prints") {
      Deno.test(`${name}, block ${index + 1} prints the text after it`, async () => {
        const next = blocks(text)[index + 1];
        assert.equal(next.language, "text");
        await using program = await runText(code, []);
        assert.equal(dedent(await converse(program)), next.code);
      });
    } else if (role === "tls") {
      Deno.test(`${name}, block ${index + 1} is a TLS client`, async () => {
        using files = new Files();
        const authority = await Authority.create();
        using listener = await listen(DEFAULT, serverContext(DEFAULT, await authority.issue()));
        const port = tlsPortOf(listener);
        const serving = (async () => {
          const [conn] = await listener.accept();
          const request = decoded(await conn.recv(1000));
          await conn.sendall("HTTP/1.0 200 OK\r\n\r\nthe page");
          conn.close();
          return request;
        })();
        const local = code.replace("443", String(port)).replaceAll("example.org", "localhost");
        await using program = await runText(local, [
          `--allow-net=localhost:${port}`,
          `--cert=${files.write(authority.cert)}`,
        ]);
        assert.equal(await converse(program), "HTTP/1.0 200 OK\r\n\r\nthe page");
        assert.match(await serving, /^GET \/ HTTP\/1\.0\r\nHost: localhost\r\n/);
      });
    } else if (language === "json") {
      Deno.test(`${name}, block ${index + 1}: its import map leads to the entries`, () => {
        const { name: own, exports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
        for (const [specifier, target] of Object.entries<string>(JSON.parse(code).imports)) {
          const file = exports[specifier.replace(own, ".")];
          assert.equal(target.replace(/^.*?\/berkeley-socket/, "."), file, specifier);
        }
      });
    }
  }

  Deno.test(`${name}: each command is run by .ci/run, by a dialogue, or is an example's`, () => {
    const script = Deno.readTextFileSync(new URL(".ci/run", root));
    const ci = Array.from(
      script.matchAll(/^(?:suite \d+ |greets )?((?:deno task|npx) .*?)(?: \|\|.*)?$/gm),
      ([, run]) => run,
    );
    const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
    const known = new Set([...ci, ".ci/run", `deno add jsr:${config.name}`]);
    for (const { commands } of dialogues(text)) for (const command of commands) known.add(command);
    for (const example of examples()) {
      for (const { flags, args } of runLines(example)) {
        known.add(["deno run", ...flags, `examples/${example}`, ...args].join(" "));
      }
    }
    for (const { code } of blocks(text).filter(({ language }) => language === "sh")) {
      for (const line of code.trim().replaceAll(/ *\\\n */g, " ").split("\n")) {
        assert.ok(known.has(line.replace(/ +#.*/, "")), `no test runs: ${line}`);
      }
    }
  });
}

/** The source files of the project, as paths from its root. */
function sources(folder = ""): string[] {
  return Array.from(Deno.readDirSync(new URL(`./${folder}`, root))).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name.startsWith(".") || name === "node_modules" ? [] : sources(`${folder}${name}/`);
    return name.endsWith(".ts") ? [`/${folder}${name}`] : [];
  });
}

for (const name of documents()) {
  Deno.test(`${name}: the files that it names exist`, () => {
    const text = Deno.readTextFileSync(new URL(name, root)).replaceAll(/^```.*?^```/gms, "");
    // server.ts and client.ts are names of programs in the document.
    const named = Array.from(text.matchAll(/`([a-z_/]+\.ts)`/g), ([, file]) => file)
      .filter((file) => !["server.ts", "client.ts"].includes(file));
    const files = sources();
    assert.deepEqual(named.filter((file) => !files.some((path) => path.endsWith(`/${file}`))), []);
  });
}

for (const name of documentsIn("docs/zh")) {
  Deno.test(`${name}: its programs are those of the English document`, () => {
    const programs = (document: string) =>
      blocks(Deno.readTextFileSync(new URL(document, root))).map(({ language, code }) =>
        `${language}\n${code.replaceAll(/ *\/\/ .*/g, "")}`
      );
    assert.deepEqual(programs(name), programs(name.replace("zh/", "")));
  });
}

for (const name of [...documents(), "SECURITY.md", "CHANGELOG.md", "bench/README.md", "examples/README.md"]) {
  Deno.test(`${name}: its links lead somewhere`, () => {
    const text = Deno.readTextFileSync(new URL(name, root));
    for (const [, target, anchor] of text.replaceAll(/^```.*?^```/gms, "").matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
      const url = new URL(target, new URL(name, root));
      assert.ok(Deno.statSync(url), target);
      if (anchor !== undefined) {
        assert.ok(anchorsOf(Deno.readTextFileSync(url)).includes(anchor), `${target}#${anchor}`);
      }
    }
  });
}
