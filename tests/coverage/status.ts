// Finds out by calls whether the default backend supports a constant.

import type * as socket from "../../mod.ts";
import { NUMBERS_ONLY } from "./reasons.ts";

/** The public API, as every backend exports it. */
export type Module = typeof socket;

/** Where a constant can be used: on both backends, on the native backend only, or only as a number. */
export type Status = "both" | "native" | "number";

/** Constants that are arguments of calls that both backends support. */
const SERVED_BY_BOTH =
  /^(SHUT_|AI_|NI_|EAI_|INADDR_|IPPORT_|SOMAXCONN$|POLL|EPOLL|EVENT_|PIPE_BUF$|has_ipv6$|SOCK_(NONBLOCK|CLOEXEC)$|AF_UNSPEC$|SOL_(SOCKET|TCP|IP)$|IPPROTO_IP(V6)?$|IP_(DEFAULT|MAX)_)/;
/** Families of native sockets, with the constants that only they use. */
const NATIVE =
  /^([AP]F_)?(PACKET|NETLINK|VSOCK|QIPCRTR)(_|$)|^(VMADDR_|VM_|SO_VM_|ETH_P_|ETHERTYPE_|SCM_|UDPLITE_|SOL_UDP$|IPPROTO_|IPX_|IPV6_RTHDR_TYPE)/;

const code = async (call: () => unknown): Promise<string | undefined> => {
  try {
    await call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

/** Every kind of socket that a backend has. */
function everyKind(m: Module): [family: number, type: number][] {
  return [m.AF_INET, m.AF_INET6, m.AF_UNIX].flatMap((family) =>
    [m.SOCK_STREAM, m.SOCK_DGRAM].map((type): [number, number] => [family, type])
  );
}

async function opens(m: Module, family: number, proto: number): Promise<boolean> {
  const codes = await Promise.all(
    [m.SOCK_STREAM, m.SOCK_DGRAM].map((type) => code(() => m.socket(family, type, proto).close())),
  );
  return codes.includes(undefined);
}

async function takesOption(m: Module, level: number, option: number): Promise<boolean> {
  for (const [family, type] of everyKind(m)) {
    using sock = m.socket(family, type);
    const read = await code(() => sock.getsockopt(level, option));
    // A membership option can be set and not read. Setting a number is another error than an unknown option.
    const written = await code(() => sock.setsockopt(level, option, 0));
    // EOPNOTSUPP: a level that this kind of socket does not have.
    if ([read, written].some((refusal) => refusal !== "ENOPROTOOPT" && refusal !== "EOPNOTSUPP")) return true;
  }
  return false;
}

async function takesFlag(m: Module, flag: number): Promise<boolean> {
  using sock = m.socket(m.AF_INET, m.SOCK_DGRAM);
  sock.bind(["127.0.0.1", 0]);
  sock.setblocking(false);
  const sent = await code(() => sock.sendto("", flag, sock.getsockname()));
  const received = await code(() => sock.recv(1, flag));
  return sent !== "EOPNOTSUPP" || received !== "EOPNOTSUPP";
}

/** Finds out what the default backend does with a constant. */
export async function statusOf(m: Module, name: string, value: number): Promise<Status> {
  if (SERVED_BY_BOTH.test(name)) return "both";
  if (/^(SO|SCM)_J1939_/.test(name)) return "number";
  const [prefix] = name.split("_", 1);
  if (/^[AP]F$/.test(prefix) && await opens(m, value, 0)) return "both";
  if (prefix === "SOCK") return await code(() => m.socket(m.AF_INET, value).close()) === undefined ? "both" : "native";
  if (prefix === "MSG") return await takesFlag(m, value) ? "both" : "native";
  if (prefix === "IPPROTO" && await opens(m, m.AF_INET, value)) return "both";
  if (NATIVE.test(name)) return "native";
  const level = { SO: m.SOL_SOCKET, IP: m.IPPROTO_IP, IPV6: m.IPPROTO_IPV6, TCP: m.IPPROTO_TCP }[prefix];
  if (level !== undefined) return await takesOption(m, level, value) ? "both" : "native";
  if (NUMBERS_ONLY.some(([start]) => start.test(name))) return "number";
  throw new Error(`${name} is of no known kind: tests/coverage/status.ts needs a rule for it`);
}
