// TCP on one host: its ports, its connections, and segments that belong to no connection.

import type { Binding } from "../net/binding.ts";
import type { Kernel } from "../net/kernel.ts";
import { ACK, FIN, RST, SYN } from "../net/packet.ts";
import type { Segment } from "../net/packet.ts";
import { Ports } from "../net/ports.ts";
import type { Holder } from "../net/ports.ts";
import type { Connection } from "./connection.ts";
import type { Endpoints } from "./segments.ts";
import type { TcpSocket } from "./socket.ts";

/** Sequence numbers advance by one in this many nanoseconds (RFC 6528; Linux's clock). */
const SEQUENCE_STEP = 64;

/** Returns the key of a connection's ports. Few connections of a host have the same two ports. */
function keyOf(port: number, peerPort: number): number {
  return peerPort * 2 ** 16 + port;
}

/** TCP on one host. */
export class TcpHost {
  readonly ports: Ports<Holder>;
  readonly #kernel: Kernel;
  readonly #connections = new Set<Connection>();
  /** The connections by their ports. */
  readonly #byPorts = new Map<number, Connection[]>();
  readonly #firstSequenceNumber: number;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.ports = new Ports(kernel.random);
    this.#firstSequenceNumber = kernel.random.bits();
  }

  /** Returns the first sequence number of a new connection. It is higher than that of earlier connections. */
  firstSequenceNumber(): number {
    return (this.#firstSequenceNumber + Math.floor(this.#kernel.timeline.now / SEQUENCE_STEP) % 2 ** 32) >>> 0;
  }

  /** Adds a connection, which then receives segments. */
  add(connection: Connection): void {
    this.#connections.add(connection);
    const { port, peerPort } = connection.ends;
    const key = keyOf(port, peerPort);
    const others = this.#byPorts.get(key);
    if (others === undefined) this.#byPorts.set(key, [connection]);
    else others.push(connection);
    this.ports.hold(connection);
  }

  /** Removes a connection. */
  remove(connection: Connection): void {
    this.#connections.delete(connection);
    const { port, peerPort } = connection.ends;
    const key = keyOf(port, peerPort);
    const others = this.#byPorts.get(key)?.filter((other) => other !== connection) ?? [];
    if (others.length === 0) this.#byPorts.delete(key);
    else this.#byPorts.set(key, others);
    this.ports.release(connection);
  }

  /** All connections. */
  get connections(): Iterable<Connection> {
    this.#kernel.timeline.expire();
    return this.#connections;
  }

  /** Returns whether no connection has these addresses and ports. */
  isFree({ host, port, peerHost, peerPort }: Endpoints): boolean {
    return this.#find(host, port, peerHost, peerPort) === undefined;
  }

  /**
   * Returns a port for a connect; undefined if there is none. As in Linux, connects to different peers may share a port.
   * They do not share it with a socket that was bound, whatever its address.
   */
  portFor(ends: Omit<Endpoints, "port">): number | undefined {
    const isShared = (port: number) => this.ports.of(port).every(({ isPortShared }) => isPortShared);
    return this.ports.ephemeral((port) => isShared(port) && this.isFree({ ...ends, port }));
  }

  #find(host: string, port: number, peerHost: string, peerPort: number): Connection | undefined {
    const found = this.#byPorts.get(keyOf(port, peerPort));
    return found?.find(({ ends }) => ends.peerHost === peerHost && ends.host === host);
  }

  /** Passes a segment to its connection or listener. */
  receive(segment: Segment): void {
    const { destination, destinationPort, source, sourcePort, flags } = segment;
    const opens = (flags & (SYN | ACK | RST)) === SYN;
    const connection = this.#find(destination, destinationPort, source, sourcePort);
    if (connection !== undefined) {
      if (!opens || !connection.mayBeReplacedBy(segment)) return connection.receive(segment);
      connection.expire();
    }
    if (opens) {
      const listener = this.ports.find(segment, ({ listens }) => listens);
      if (listener !== undefined) return (listener as Binding<TcpSocket>).socket.receiveSyn(segment);
    }
    this.refuse(segment);
  }

  /** Answers a segment that belongs to no connection with a reset. */
  refuse(segment: Segment): void {
    const { source, sourcePort, destination, destinationPort, flags, seq, ack, data } = segment;
    if ((flags & RST) !== 0) return;
    const acknowledges = (flags & ACK) !== 0;
    const length = data.length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
    this.#kernel.send({
      protocol: "TCP",
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
      ttl: 64,
      flags: acknowledges ? RST : RST | ACK,
      seq: acknowledges ? ack : 0,
      ack: acknowledges ? 0 : (seq + length) >>> 0,
      window: 0,
      data: new Uint8Array(0),
      retransmission: false,
    });
  }
}
