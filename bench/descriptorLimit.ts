/** Files and sockets that a process of this user may have open, which Node raises to what is allowed. Infinity where there is no limit. */
export function descriptorLimit(): number {
  // Node's types say only that it is an object.
  const { userLimits } = process.report.getReport() as { readonly userLimits?: Readonly<Record<string, { readonly hard: unknown }>> };
  const hard = Number(userLimits?.open_files?.hard);
  return Number.isNaN(hard) ? Number.POSITIVE_INFINITY : hard;
}
