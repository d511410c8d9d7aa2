const wholeNumber = new Intl.NumberFormat("en");
const compactNumber = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumFractionDigits: 1,
});
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
// British English: day before month and 24 hours, which nobody misreads.
const dateAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dayAndHour = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const hour = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });

export function formatCount(count: number): string {
  return wholeNumber.format(count);
}

/** "1.2K", for the axis of a chart, where room is short. */
export function formatCompact(count: number): string {
  return compactNumber.format(count);
}

export function formatClicks(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "click" : "clicks"}`;
}

export function formatDateTime(timestamp: string): string {
  return dateAndTime.format(new Date(timestamp));
}

export function formatDayAndHour(timestamp: string): string {
  return dayAndHour.format(new Date(timestamp));
}

export function formatHour(timestamp: string): string {
  return hour.format(new Date(timestamp));
}

export function formatDay(timestamp: string): string {
  return day.format(new Date(timestamp));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "2 min. ago". Below a minute it says "just now", so that it does not flicker every second. */
export function formatRelative(timestamp: string, now: Date): string {
  const seconds = Math.round((new Date(timestamp).getTime() - now.getTime()) / 1000);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) {
      return relative.format(Math.trunc(seconds / length), unit);
    }
  }
  return seconds > 5 ? "in a moment" : "just now";
}

/** "example.com/path" for a place where the scheme says nothing. */
export function formatUrl(url: string): string {
  return url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
}

/** The value of a `datetime-local` input: local time, to the minute, without a zone. */
export function toLocalInput(timestamp: string | null | undefined): string {
  if (!timestamp) {
    return "";
  }
  const date = new Date(timestamp);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function fromLocalInput(value: string): string | null {
  return value === "" ? null : new Date(value).toISOString();
}
