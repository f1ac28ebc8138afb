// toNodeStream, over every backend. With packages from npm: tests/npm/.

import * as native from "../native.ts";
import { BACKENDS } from "./_backends.ts";
import { testNodeStream } from "./conformance/node_stream.ts";
import { simulated } from "./_sim.ts";

for (const subject of BACKENDS) testNodeStream(subject, native);

testNodeStream({
  ...simulated,
  exempt: {
    "after unref().ref() the stream keeps it":
      "no event from outside can end a wait in a simulation, so a pending call does not keep the process alive",
    "a server that hands 10,000 connections over keeps no descriptor": "simulated sockets have no descriptors",
  },
}, simulated.module);
