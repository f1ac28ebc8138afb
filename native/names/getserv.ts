// getservbyname and similar functions: look up services and protocols in /etc/services, /etc/protocols or another source
// of the system.

import { OSError } from "../../base/errors.ts";
import * as table from "../../core/names/getserv.ts";
import { fetchEntry } from "./entry.ts";
import { libcNames } from "./libc.ts";
import { cString } from "../call.ts";

// struct servent: char *s_name @0, char **s_aliases @8, int s_port @16, char *s_proto @24.
// struct protoent: char *p_name @0, char **p_aliases @8, int p_proto @16.
const NAME = 0, PORT = 16, PROTO = 16;

/** Swaps the bytes of a port, between the network's byte order and that of this machine. */
const swap = (port: number) => (port & 0xff) << 8 | port >> 8 & 0xff;

/** See getservbyname in mod.ts. */
export async function getservbyname(service: string, protocol?: string): Promise<number> {
  table.checkService(service, protocol);
  const [name, proto] = [cString(service), protocol === undefined ? null : cString(protocol)];
  const entry = await fetchEntry(({ struct, buffer, result }) =>
    libcNames().getservbyname_r_waiting(name, proto, struct, buffer, buffer.length, result)
  );
  if (entry === undefined) throw new OSError("service/proto not found", undefined, { syscall: "getservbyname" });
  return swap(entry.int(PORT));
}

/** See getservbyport in mod.ts. */
export async function getservbyport(port: number, protocol?: string): Promise<string> {
  table.checkServicePort(port, protocol);
  const proto = protocol === undefined ? null : cString(protocol);
  const entry = await fetchEntry(({ struct, buffer, result }) =>
    libcNames().getservbyport_r_waiting(swap(port), proto, struct, buffer, buffer.length, result)
  );
  if (entry === undefined) throw new OSError("port/proto not found", undefined, { syscall: "getservbyport" });
  return entry.text(NAME);
}

/** See getprotobyname in mod.ts. */
export async function getprotobyname(protocol: string): Promise<number> {
  table.checkText(protocol, "getprotobyname", 1);
  const call = libcNames().getprotobyname_r_waiting;
  // musl has a built-in table as well, and reads no file.
  if (call === null) return await table.getprotobyname(protocol);
  const name = cString(protocol);
  const entry = await fetchEntry(({ struct, buffer, result }) => call(name, struct, buffer, buffer.length, result));
  if (entry === undefined) throw new OSError("protocol not found", undefined, { syscall: "getprotobyname" });
  return entry.int(PROTO);
}
