// nginx with its stream module as a forwarder, in a temporary folder.

const MODULES = ["/usr/lib/nginx/modules/ngx_stream_module.so", "/usr/share/nginx/modules/ngx_stream_module.so"];

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

async function findModule(): Promise<string | undefined> {
  for (const path of MODULES) if (await exists(path)) return path;
}

/** Starts one worker that forwards from one port to another. */
export async function startNginx(
  port: string,
  target: string,
  cpu: number,
): Promise<{ cpuTime(): number; stop(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "bench-nginx-" });
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `load_module ${await findModule()};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
stream {
  server {
    listen 127.0.0.1:${port};
    proxy_buffer_size 64k;
    proxy_pass 127.0.0.1:${target};
  }
}
`,
  );
  const args = ["-c", String(cpu), "nginx", "-p", folder, "-c", `${folder}/nginx.conf`, "-e", `${folder}/error.log`];
  const child = new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).spawn();
  return {
    cpuTime() {
      // Fields 14 and 15 of proc(5)'s stat, in ticks of 10 ms.
      const fields = Deno.readTextFileSync(`/proc/${child.pid}/stat`).replace(/.*\) /s, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async stop() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The reason why it cannot be started on this machine, or undefined. */
startNginx.absent = async (): Promise<{ absent: string } | undefined> => {
  const installed = await new Deno.Command("nginx", { args: ["-v"], stderr: "null" }).output()
    .then(({ success }) => success, () => false);
  if (!installed) return { absent: "no nginx" };
  if (await findModule() === undefined) return { absent: "nginx has no stream module (Debian: libnginx-mod-stream)" };
};
