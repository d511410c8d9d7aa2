import * as z from "zod";

export const rangeSchema = z.enum(["24h", "7d"]);
export type Range = z.infer<typeof rangeSchema>;

export const RANGES: { range: Range; label: string; name: string; hours: number }[] = [
  { range: "24h", label: "24 h", name: "last 24 hours", hours: 24 },
  { range: "7d", label: "7 d", name: "last 7 days", hours: 7 * 24 },
];

export function rangeName(range: Range): string {
  return RANGES.find((choice) => choice.range === range)?.name ?? range;
}

const HOUR = 3_600_000;

/**
 * The beginning of the first hour to show, so that the running hour is the last one. Where the
 * range ends is left to the API, whose clock does the counting.
 */
export function rangeStart(range: Range, now: Date): string {
  const hours = RANGES.find((choice) => choice.range === range)?.hours ?? 24;
  const runningHour = Math.floor(now.getTime() / HOUR);
  return new Date((runningHour - hours + 1) * HOUR).toISOString();
}
