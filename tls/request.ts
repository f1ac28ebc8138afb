// The request of a context to its engine for one side of a connection.

import { PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, SSL_ERROR_SSL } from "./constants.ts";
import type { BaseContext, ServerNameCallback } from "./context.ts";
import type { EngineRequest } from "./context_engine.ts";
import { engineOf } from "./engines.ts";
import { SSLError } from "./errors.ts";

/** Throws for a combination of arguments that is not possible. */
export function checkSide(context: BaseContext, serverSide: boolean, name: string | null, session: unknown): void {
  const { protocol } = context;
  if (serverSide) {
    if (protocol === PROTOCOL_TLS_CLIENT) {
      throw wrongSide("Cannot create a server socket with a PROTOCOL_TLS_CLIENT context");
    }
    if (name !== null) throw new RangeError("server_hostname can only be specified in client mode");
    if (session !== null) throw new RangeError("session can only be specified in client mode");
  } else {
    if (protocol === PROTOCOL_TLS_SERVER) {
      throw wrongSide("Cannot create a client socket with a PROTOCOL_TLS_SERVER context");
    }
    if (context.check_hostname && name === null) throw new RangeError("check_hostname requires server_hostname");
  }
}

function wrongSide(text: string): SSLError {
  return new SSLError(SSL_ERROR_SSL, text);
}

/** Makes the request. `owner` returns the object that a callback for server names gets. */
export function requestFor(
  context: BaseContext,
  serverSide: boolean,
  serverHostname: string | null,
  session: unknown,
  owner: () => { context: BaseContext },
): EngineRequest {
  const makeCallback = (callback: ServerNameCallback): EngineRequest["onServerName"] => (name, control) => {
    const connection = owner();
    const answer = callback(connection, name, context);
    if (connection.context !== context) control.use(engineOf(connection.context));
    return answer ?? null;
  };
  return {
    serverSide,
    serverHostname,
    checkHostname: context.check_hostname,
    session,
    // Read during the handshake: the program may have set another callback since.
    get onServerName() {
      const callback = context.sni_callback;
      return callback === null ? null : makeCallback(callback);
    },
  };
}
