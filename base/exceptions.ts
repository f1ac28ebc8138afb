// The exceptions that every entry exports, under Python's names. errors.ts defines them.

export {
  BlockingIOError,
  BrokenPipeError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  gaierror,
  herror,
  InterruptedError,
  OSError,
  OSError as error,
  PermissionError,
  TimeoutError,
  TimeoutError as timeout,
} from "./errors.ts";
export type { ErrorContext } from "./errors.ts";
