/** A function is asked for each request. */
export type HeadersOption =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** Where a server is: behind a URL, or a command to start it. */
export type McpAddress =
  | {
      /** Of streamable HTTP. */
      readonly url: string | URL;
      /** With each request, such as a token. A function is asked each time. */
      readonly headers?: HeadersOption;
    }
  | {
      /** Started as a child process that speaks on stdin and stdout, and ended with everything it started by `close()` or the end of this process. */
      readonly command: string;
      readonly args?: readonly string[];
      /** All that it gets of the environment, besides `PATH`, `HOME`, `USER`, `LOGNAME`, `SHELL` and `TERM`. */
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    };
