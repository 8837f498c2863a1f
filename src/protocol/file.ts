/** A file that the server holds: `GET /files/{id}` gives its bytes to whoever may read it. */
export interface FileRef {
  readonly id: string;
  /** Media type, from its bytes where they tell. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly name?: string;
}

/** What is known of a file without its bytes. */
export interface FileInfo extends FileRef {
  readonly createdAt: number;
  /** Of a tool's output: it goes with this thread. */
  readonly threadId?: string;
}
