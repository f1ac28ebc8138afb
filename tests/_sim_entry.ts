// The module of a simulated host as an entry, for tests that run a program in another process.

import { World } from "../sim.ts";

const module = new World().host("sim").socket;

export const { create_connection, create_server, socket, socketpair, select, poll, epoll, EPOLLIN } = module;
