// The stream suites over simulated hosts.

import { streamSuite } from "./conformance/streams.ts";
import { World } from "../sim.ts";

const world = new World({ trace: false });

streamSuite({ name: "sim", module: world.host("sim").socket, url: "" });
